import type { Extras } from '../../common/chat-event.js';
import { withoutParams } from '../../common/prompt.js';
import type { SubtaskResult } from '../../infra/database/schema/schema.js';
import type { ExportedTaskDto } from '../../tasks/tasks.dto.js';
import type { SubtaskRow } from '../../tasks/turns/answer-turn.js';

type StoredResult = SubtaskResult & Partial<Extras>;

/** Returns the beginning of a conversation in Markdown. */
export function markdownHead(task: ExportedTaskDto): string {
  const facts = [
    ['Team', task.team_name ?? 'deleted'],
    ['Created', task.created_at],
    ['Last activity', task.updated_at],
    ['Status', task.status],
  ];

  return `# ${oneLine(task.title)}\n\n${facts.map(([name, value]) => `- ${name}: ${oneLine(value ?? '')}\n`).join('')}`;
}

/** Returns a question or an answer in Markdown, with an empty line before it. */
export function markdownMessage(message: SubtaskRow): string {
  const time = message.createdAt.toISOString();
  if (message.role === 'USER') return `\n---\n\n## Question (${time})\n\n${withoutParams(message.prompt).trim()}\n`;
  const result: StoredResult | null = message.result;
  const who = typeof result?.model === 'string' ? `${oneLine(result.model)}, ` : '';

  return [`\n## Answer (${who}${time})\n`, ...partsOf(result), ...endOf(message)].join('\n');
}

function* partsOf(result: StoredResult | null): Generator<string> {
  const { value = '', reasoning = '' } = result ?? {};
  if (reasoning.trim() !== '') {
    // The end tag alone could end the block early.
    const text = reasoning.trim().replace(/<(?=\/?details|\/?summary)/gi, '&lt;');
    yield `<details>\n<summary>Reasoning</summary>\n\n${text}\n\n</details>\n`;
  }
  if (value.trim() !== '') yield `${value.trim()}\n`;
  yield* listOf('Sources', listIn(result?.sources), ({ title, url }) => link(title, url));
  yield* listOf('Files', listIn(result?.files), ({ name, kind, url }) => link(name ?? kind, url));
}

function* endOf({ status, errorMessage }: SubtaskRow): Generator<string> {
  if (status === 'COMPLETED') return;
  const reason = errorMessage ? `: ${oneLine(errorMessage)}` : '';
  yield `> ${status}${reason}\n`;
}

function* listOf<Item>(name: string, items: readonly Item[], line: (item: Item) => string): Generator<string> {
  if (items.length > 0) yield `**${name}**\n\n${items.map((item) => `- ${line(item)}\n`).join('')}`;
}

/** Executors may send anything under these names. */
function listIn<Item>(value: readonly Item[] | undefined): Item[] {
  return Array.isArray(value) ? (value as Item[]).filter((item) => typeof item === 'object' && item !== null) : [];
}

/** Only web addresses become links: files can be megabytes of `data:` URL. */
function link(title: string, url: string | undefined): string {
  const text = oneLine(`${title}`).replace(/[\\[\]]/g, '\\$&');
  const isWeb = typeof url === 'string' && /^https?:\/\//i.test(url);

  return isWeb ? `[${text}](<${url.replace(/[<>\s]/g, encodeURIComponent)}>)` : text;
}

const oneLine = (text: string) => text.trim().replace(/\s+/g, ' ');
