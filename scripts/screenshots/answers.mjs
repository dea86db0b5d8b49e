/** What the simulated models answer in the pictures, by question. */

const SSE = `For model answers, **SSE is the better default**. Text flows one way, and a browser that comes back says by itself what it has already seen.

| | SSE | WebSocket |
|---|---|---|
| Resume after a lost connection | built in: \`Last-Event-ID\` | write it yourself |
| Client to server | a second request | same connection |
| Cost of an idle reader | one response | one socket, and pings |

Reading it takes a few lines:

\`\`\`ts
const source = new EventSource(\`/api/answers/\${id}\`);
source.addEventListener('token', ({ data }) => {
  answer.append(JSON.parse(data).text);
});
\`\`\`

Choose WebSockets when the client talks as much as the server.`;

const LIMITS = `Over HTTP/1.1 a browser opens at most **six connections per host**, and each open stream keeps one. Three ways out:

1. Serve over **HTTP/2**: streams share one connection, so the limit is gone.
2. Let one tab read and pass events on through a \`BroadcastChannel\`.
3. Close streams that are out of sight, and resume them later.`;

const CHINESE = `可以，用一条查询就够了：

\`\`\`sql
SELECT date_trunc('day', created_at) AS day,
       count(*)                      AS new_users
FROM users
WHERE created_at >= now() - interval '7 days'
GROUP BY day
ORDER BY day;
\`\`\`

**说明**

- \`date_trunc\` 把时间截断到当天零点，同一天的记录会归入同一组。
- 没有新用户的日期不会出现；需要补零时，用 \`generate_series\` 生成日期再左连接。
- 为 \`created_at\` 建一个索引，数据量大时也能很快返回。

| 日期 | 新用户 |
|---|---|
| 11 月 27 日 | 128 |
| 11 月 28 日 | 143 |
| 11 月 29 日 | 96 |`;

const FEEDBACK = `**214 tickets, three themes**

- **Invoices (38 %)**: the PDF lacks the order number since Tuesday's release.
- **Log-in on phones (21 %)**: the code arrives after it has expired.
- **Praise (17 %)**: the new search finds things "that I had given up on".

Suggested first step: restore the order number; it closes 81 tickets at once.`;

const STORY = `The tide had been gone for an hour when the hermit crab decided that the shell was too small.

It was not a sudden decision. For three days the rim had pinched him whenever he turned left, and he turned left often, because the good algae grew on that side of the pool. So he walked along the wet sand and tried the doors of the beach one after the other.

The first shell had a tenant. The second had a hole. The third was a bottle cap, which had the advantage of a colour and the disadvantage of everything else. Towards noon he found a conch, white outside and rose within, that curled away into a dark so deep that he could hear his own steps come back.

"Hello?" he said, and the shell said it too, only later and a little wiser.

He moved in before the water came. It took two tides until he had seen all rooms, and a third until he noticed that the shell remembered: whatever the sea had said to it, it kept, and told it again to anyone who came back and listened from where he had stopped.`;

const SHORT = {
  'Why does this query scan the whole table?':
    'Because `lower(email)` is not what the index is on. Add an index on the expression: `CREATE INDEX ON users (lower(email));`',
  'Write release notes for 2.4 from these commits': '## 2.4\n\n- **New:** conversations can be exported as Markdown.',
  'A regex for ISO dates, please': '`^\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])$`',
  'Plan three days in Lisbon with children':
    '**Day one**: Oceanário in the morning, the cable car at noon, Parque das Nações.',
  'Ten names for an internal status page': '1. Pulse\n2. Weathervane\n3. Lighthouse\n4. Tideline',
  'Explain Raft to a new colleague':
    'Raft keeps several servers in agreement by electing one leader that orders all changes.',
  'How do I rotate the signing keys without logging everybody out?':
    'Publish both keys, sign with the new one, and remove the old one when the last token signed with it has ended.',
};

export const QUESTIONS = {
  sse: 'Should I stream model answers over SSE or WebSockets?',
  limits: 'What about the limit of six connections?',
  chinese: '怎样用 SQL 统计最近七天每天的新用户数？请解释一下。',
  feedback: "Summarise this week's customer feedback",
  story: 'Tell me a story about a hermit crab',
  stuck: 'Compare our three search providers by price',
  contract: 'Check the supplier contract for Q1',
  failed: 'Translate our FAQ into Portuguese',
};

const text = (answer, more = '') => `[sim text=${encodeURIComponent(answer)} size=5 ${more}]`;
const titles = (...names) => `nodes=${names.length} titles=${names.map(encodeURIComponent).join('|')}`;

/** For the option `scripts` of the simulator. */
export const SCRIPTS = {
  [QUESTIONS.sse]: text(SSE, 'rate=400'),
  [QUESTIONS.limits]: text(LIMITS, 'rate=400'),
  [QUESTIONS.chinese]: text(CHINESE, 'rate=400'),
  [QUESTIONS.feedback]: text(
    FEEDBACK,
    `rate=200 node_ms=700 ${titles('Fetch tickets', 'Remove personal data', 'Group by theme')}`,
  ),
  [QUESTIONS.story]: text(STORY, 'rate=10'),
  [QUESTIONS.stuck]: '[sim case=hang-after-delta after=0]',
  [QUESTIONS.failed]: '[sim status=401]',
  [QUESTIONS.contract]: '[sim case=human-input node_ms=300 form_seconds=86400]',
  ...Object.fromEntries(Object.entries(SHORT).map(([question, answer]) => [question, text(answer, 'rate=400')])),
};

/** Conversations of earlier days: title, question, days ago. */
export const EARLIER = [
  ['Raft for new colleagues', 'Explain Raft to a new colleague', 6],
  ['Names for the status page', 'Ten names for an internal status page', 5],
  ['Three days in Lisbon', 'Plan three days in Lisbon with children', 2],
  ['ISO date regex', 'A regex for ISO dates, please', 2],
  ['Release notes 2.4', 'Write release notes for 2.4 from these commits', 1],
  ['Slow query on users', 'Why does this query scan the whole table?', 1],
  ['Rotating signing keys', 'How do I rotate the signing keys without logging everybody out?', 0],
];
