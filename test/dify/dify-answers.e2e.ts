import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generatedText } from '../../tools/simulator/simulator.js';
import type { ChatEvent, Step } from '../../src/common/contracts/chat-event.js';
import type { Api } from '../support/api.js';
import { endAll, eventually } from '../support/child.js';
import { addDifyTeam, difyRuns } from '../support/content/dify.js';
import { sharedStage } from '../support/stages/shared-stage.js';
import { flaws } from '../support/streams/sse.js';
import { script, type Stage } from '../support/stages/stage.js';

type Of<T extends ChatEvent['type']> = Extract<ChatEvent, { type: T }>;

describe('answers of Dify apps', () => {
  let stage: Stage;
  let api: Api;
  let apps = 0;

  beforeAll(async () => {
    stage = await sharedStage('embedded');
    api = stage.api;
  });
  afterAll(() => endAll(stage));

  async function team(mode: string, env: Record<string, unknown> = {}) {
    const key = `app-a${(apps += 1)}-${mode}`;

    return { ...(await addDifyTeam(stage, api, key, env)), key };
  }

  /** One turn, in parts. */
  async function ask(mode: string, text: string, env: Record<string, unknown> = {}) {
    const { teamId, key } = await team(mode, env);
    const turn = await api.turn({ team_id: teamId, prompt: script(text) });
    expect(flaws(turn.stream.events)).toEqual([]);
    const events = turn.stream.events.map(({ data }) => data);
    const all = <T extends ChatEvent['type']>(type: T) => events.filter((event): event is Of<T> => event.type === type);
    const steps = new Map(all('step').map(({ type: _type, ...step }) => [step.step_id, step] satisfies [string, Step]));
    const task = await api.task(turn.taskId);

    return { ...turn, key, teamId, all, steps: [...steps.values()], task, result: task.result ?? { value: '' } };
  }

  it('of the six demo teams', async () => {
    const kinds = ['chat', 'agent-chat', 'chatflow', 'agent', 'completion', 'workflow'];
    const prompt = script('tokens=5 rate=0');
    const turns = await Promise.all(kinds.map((kind) => api.turn({ team_name: `demo-dify-${kind}`, prompt })));

    expect(turns.map(({ content, terminal }) => [content, terminal?.type])).toEqual(
      kinds.map(() => [generatedText(5), 'done']),
    );
  });

  it.each(['chat', 'agent-chat', 'advanced-chat', 'agent', 'completion', 'workflow'])('of a %s app', async (mode) => {
    const { content, terminal, result, all, steps, key, task } = await ask(mode, 'tokens=30 rate=0');

    expect(terminal).toMatchObject({
      type: 'done',
      finish_reason: 'stop',
      usage: { output_tokens: 30, currency: 'USD' },
    });
    expect(content).toBe(generatedText(30));
    expect(result).toMatchObject({ value: content, usage: { output_tokens: 30 } });
    expect(all('start')[0]).toMatchObject({ shell_type: 'Dify', model: `Simulated ${mode}` });
    expect(steps.map(({ status }) => status).filter((status) => status !== 'succeeded')).toEqual([]);
    expect(result['steps'] ?? []).toEqual(steps);
    expect(typeof result['message_id']).toBe(mode === 'workflow' ? 'undefined' : 'string');
    expect(difyRuns(stage, key)).toEqual([
      expect.objectContaining({ user: expect.stringMatching(/^conch-[0-9a-f]{24}$/) }),
    ]);
    expect(task.status).toBe('COMPLETED');
  });

  it.each([
    ['advanced-chat', 'case=end-swapped', 'stop'],
    ['advanced-chat', 'case=no-message-end', 'stop'],
    ['advanced-chat', 'case=no-flow-end', 'stop'],
    ['advanced-chat', 'case=late-eof', 'stop'],
    ['advanced-chat', 'case=no-end', 'stop'],
    ['advanced-chat', 'case=disconnect', 'stop'],
    ['advanced-chat', 'case=eof', 'stop'],
    ['noevents-advanced-chat', 'case=eof', 'stop'],
    ['advanced-chat', 'case=lost-run', 'partial'],
    ['workflow', 'case=disconnect', 'stop'],
    ['noevents-workflow', 'case=disconnect', 'stop'],
    ['workflow', 'case=partial', 'partial'],
    ['old-chat', 'case=happy', 'stop'],
    ['chat', 'case=unknown-events', 'stop'],
    ['chat', 'case=json-reply', 'stop'],
    ['workflow', 'case=json-reply', 'stop'],
    ['chat', 'case=tts', 'stop'],
    ['workflow', 'case=parallel', 'stop'],
    ['moved-workflow', 'case=happy', 'stop'],
  ])('of a %s app with %s', async (mode, text, reason) => {
    const { content, terminal, task } = await ask(mode, `tokens=12 rate=0 ${text}`, { DIFY_APP_MODE: 'chat' });

    expect(terminal).toMatchObject({ type: 'done', finish_reason: reason });
    expect(task.result?.value).toBe(content);
    if (reason === 'stop') expect(content).toBe(generatedText(12));
  });

  it.each([
    ['workflow', 'case=failed', 'provider_unavailable'],
    ['advanced-chat', 'case=failed', 'provider_unavailable'],
    ['workflow', 'case=stopped', 'provider_truncated'],
    ['workflow', 'case=lost-run', 'provider_truncated'],
    ['chat', 'case=eof', 'provider_truncated'],
    ['chat', 'case=error-first', 'provider_rate_limited'],
    ['chat', 'case=error-after-text', 'provider_unavailable'],
    ['workflow', 'case=huge-line', 'provider_protocol'],
    ['chat', 'case=quota', 'provider_rate_limited'],
    ['chat', 'case=app-unavailable', 'dify_app_unavailable'],
    ['chat', 'case=no-provider', 'dify_app_unavailable'],
    ['chat', 'case=not-found', 'provider_not_found'],
    ['off-chat', 'case=happy', 'dify_app_unavailable'],
    ['bad-chat', 'case=happy', 'provider_auth'],
    ['html-chat', 'case=happy', 'provider_protocol'],
    ['channel', 'case=happy', 'dify_app_unavailable'],
  ])('that fail: %s with %s', async (mode, text, code) => {
    const { terminal, task } = await ask(mode, `tokens=5 rate=0 ${text}`);

    expect(terminal).toMatchObject({ type: 'error', code });
    expect(task.status).toBe('FAILED');
    await eventually('the connection is closed', () => stage.simulator.counters.openStreams === 0);
  });

  it('tell everything that the app does', async () => {
    const tree = async (text: string) => {
      const { steps, content } = await ask('workflow', `tokens=3 rate=0 ${text}`);
      expect(content).toBe(generatedText(3));

      return steps.map(({ kind, status, title, parent_id: parent }) => {
        const whole = steps.find(({ step_id: id }) => id === parent);

        return `${kind} ${title} ${status}${whole ? ` in ${whole.title}` : ''}`;
      });
    };
    expect(await tree('case=iteration')).toEqual(
      expect.arrayContaining(['iteration For each city succeeded', 'node One round succeeded in For each city']),
    );
    expect(await tree('case=loop')).toEqual(expect.arrayContaining(['loop Until good enough succeeded']));
    expect(await tree('case=agent-node')).toEqual(
      expect.arrayContaining(['log ROUND 1 succeeded in Agent', 'log CALL web_search succeeded in ROUND 1']),
    );
    const { all } = await ask('workflow', 'tokens=3 rate=0 case=retries');
    expect(all('step').filter(({ status }) => status === 'retrying')).toHaveLength(2);
  });

  it('have reasoning, sources, files; and text that is replaced', async () => {
    const reasoned = await ask('chat', 'tokens=5 rate=0 case=reasoning');
    expect(reasoned.result.reasoning).toContain('r0');
    const sourced = await ask('chat', 'tokens=5 rate=0 case=sources');
    expect(sourced.all('sources')[0]?.sources[0]).toMatchObject({
      title: expect.any(String),
      content: expect.any(String),
    });
    expect(sourced.result['sources']).toEqual(sourced.all('sources')[0]?.sources);
    const filed = await ask('chat', 'tokens=5 rate=0 case=files');
    expect(filed.all('file')).toHaveLength(1);
    expect(filed.all('file')[0]?.file.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/files\//);
    expect(filed.result['files']).toEqual(filed.all('file').map(({ file }) => file));
    for (const mode of ['chat', 'workflow']) {
      const replaced = await ask(mode, 'tokens=5 rate=0 case=replace');
      expect(replaced.all('replace')).toHaveLength(1);
      expect(replaced.result.value).toBe(replaced.all('replace')[0]?.content);
    }
  });

  it.each([
    ['outputs-only', generatedText(3)],
    ['outputs-single', generatedText(3)],
  ])('of a workflow without text: %s', async (name, value) => {
    const { result, content } = await ask('workflow', `tokens=3 rate=0 case=${name}`);
    expect([result.value, content]).toEqual([value, value]);
  });

  it('of a workflow with several outputs, or none', async () => {
    expect(JSON.parse((await ask('workflow', 'tokens=3 rate=0 case=outputs-json')).result.value)).toEqual(
      expect.any(Object),
    );
    expect((await ask('workflow', 'tokens=3 rate=0 case=outputs-null')).result.value).toBe('');
  });

  it('have suggestions, at their end or later', async () => {
    const { all, result, terminal } = await ask('suggest-chat', 'tokens=3 rate=0');
    expect(all('suggestions')[0]?.questions).toEqual(result['suggestions']);
    expect(terminal?.type).toBe('done');
    const late = await ask('suggest-chat', 'tokens=3 rate=0 suggest_ms=400');
    expect(late.all('suggestions')).toEqual([]);
    const kept = async () => (await api.task(late.taskId)).subtasks[1]?.result?.['suggestions'];
    for (let tries = 0; tries < 40 && !(await kept()); tries += 1) await new Promise((next) => setTimeout(next, 50));
    expect(await kept()).toEqual(result['suggestions']);
  });

  it('go on with their conversation, or with a new one that knows what was said', async () => {
    const { teamId, botId, key } = await team('chat');
    const first = await api.turn({ team_id: teamId, prompt: script('tokens=3 rate=0') });
    const next = (words: string, more = '') =>
      api.turn({ task_id: first.taskId, prompt: script(`tokens=3 rate=0${more}`, words) });
    await next('More');
    const lost = await next('Lost', ' case=no-conversation key=lost');
    await next('Last');
    await api.call('PUT', `/bots/${botId}`, {
      agent_config: {
        env: { DIFY_API_KEY: `${key.slice(0, -4)}other-chat`, DIFY_BASE_URL: `${stage.simulator.url}/dify` },
      },
    });
    const moved = await next('Moved');

    const runs = difyRuns(stage, key);
    const [one, two, three, four, five] = runs.map((run) => run['conversation_id']);
    expect([one, two, three, four]).toEqual(['', expect.stringMatching(/-/), two, '']);
    expect(five).not.toBe(two);
    expect(runs[3]?.['query']).toContain(`Assistant: ${generatedText(3)}`);
    const notes = ({ stream: { events } }: typeof lost) =>
      events.map(({ data }) => data).filter((event) => event.type === 'step' && event.kind === 'log');
    expect(notes(lost)).toHaveLength(1);
    expect(notes(moved)).toHaveLength(1);
    expect(moved.terminal?.type).toBe('done');
    const [again] = difyRuns(stage, `${key.slice(0, -4)}other-chat`);
    expect([again?.['conversation_id'], String(again?.['query'])]).toEqual(['', expect.stringContaining('User: More')]);
  });

  it('are asked for again only as long as nothing can have begun', async () => {
    const busy = await ask('chat', 'tokens=3 rate=0 case=overloaded key=busy');
    expect([busy.terminal?.type, difyRuns(stage, busy.key).length]).toEqual(['done', 2]);
    const failed = await ask('chat', 'tokens=3 rate=0 case=error-first key=failed');
    expect([failed.terminal?.type, difyRuns(stage, failed.key).length]).toEqual(['error', 1]);
  });

  it('are told of by the check, and name what is wrong with their bot', async () => {
    const { teamId } = await team('chat');
    const check = await api.get(`/direct-chat/check/${teamId}`);
    expect(check.body).toEqual({ supports_direct_chat: true, shell_types: ['Dify'], reason: null });
    const bot = { name: 'no-key', shell_name: 'Dify', agent_config: { env: { DIFY_BASE_URL: 'http://x.test' } } };
    const reply = await api.post<{ message: string }>('/bots', bot);
    expect([reply.status, reply.text]).toEqual([422, expect.stringContaining('DIFY_API_KEY')]);
  });

  it('name the setting that keeps an address from being reached', async () => {
    const { terminal } = await ask('chat', 'tokens=1', { DIFY_BASE_URL: 'http://10.0.0.1' });
    expect(terminal).toMatchObject({
      type: 'error',
      code: 'provider_blocked',
      error: expect.stringContaining('EGRESS_ALLOW'),
    });
  });
});
