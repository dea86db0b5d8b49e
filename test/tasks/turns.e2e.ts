import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { generatedText, reasoningText, unicodeText } from '../../tools/simulator/simulator.js';
import type { Api, ErrorBody } from '../support/api.js';
import { started, startOf } from '../support/api.js';
import { endAll, eventually, nth } from '../support/child.js';
import { sharedStage } from '../support/stages/shared-stage.js';
import { flaws, fold, typesOf } from '../support/streams/sse.js';
import { script, type Stage, STAGES } from '../support/stages/stage.js';

interface ClaudeBody {
  system?: string | { text: string }[];
  messages: { role: string; content: string | { text: string }[] }[];
}

/** What the provider was asked last: roles with their text, system prompt first. */
function lastConversation(stage: Stage): [string, string][] {
  const { system, messages } = stage.simulator.requests.at(-1)?.body as ClaudeBody;
  const text = (content: string | { text: string }[] = '') =>
    typeof content === 'string' ? content : content.map((block) => block.text).join('');
  const said = messages.map(({ role, content }): [string, string] => [role, text(content)]);

  return system === undefined ? said : [['system', text(system)], ...said];
}

describe.each(STAGES)('a turn, %s', (kind) => {
  let stage: Stage;
  let api: Api;

  beforeAll(async () => {
    stage = await sharedStage(kind);
    api = stage.api;
  });

  afterAll(() => endAll(stage));

  it('streams a first answer of the default team', async () => {
    const turn = await api.turn(script('tokens=12 rate=0'));

    expect(flaws(turn.stream.events)).toEqual([]);
    expect(turn.content).toBe(generatedText(12));
    expect(typesOf(turn.stream.events).filter((type) => type !== 'queued')[0]).toBe('start');
    expect(turn.stream.events.find(({ data }) => data.type === 'start')?.data).toMatchObject({
      attempt: 1,
      shell_type: 'Chat',
      model: 'simulator-claude',
    });
    expect(turn.terminal).toMatchObject({
      type: 'done',
      done: true,
      length: turn.content.length,
      sha256: createHash('sha256').update(turn.content).digest('hex'),
      finish_reason: 'stop',
      elapsed_ms: expect.any(Number),
      first_token_ms: expect.any(Number),
      usage: { input_tokens: expect.any(Number), output_tokens: expect.any(Number), total_tokens: expect.any(Number) },
    });
  });

  it('has the whole answer in the database when `done` arrives', async () => {
    const stream = await api.ask(script('tokens=30 rate=300'));
    await stream.untilType('done');
    const { taskId, subtaskId } = startOf(stream);
    const task = await api.task(taskId);

    expect(task).toMatchObject({ status: 'COMPLETED', progress: 100, result: { value: generatedText(30) } });
    expect(task.completed_at).not.toBeNull();
    expect(task.subtasks.map(({ role, status }) => [role, status])).toEqual([
      ['USER', 'COMPLETED'],
      ['ASSISTANT', 'COMPLETED'],
    ]);
    expect(task.subtasks[1]).toMatchObject({ id: subtaskId, progress: 100, result: { value: generatedText(30) } });
  });

  it('keeps characters of several bytes as they are', async () => {
    const turn = await api.turn(script('case=utf8-split tokens=10 rate=0'));

    expect(turn.content).toBe(unicodeText(10));
    expect((await api.task(turn.taskId)).result?.value).toBe(turn.content);
  });

  it('gives the provider the whole conversation, right after the answer before', async () => {
    const first = await api.turn(script('tokens=5 rate=0', 'First question'));
    const second = await api.turn({ task_id: first.taskId, prompt: script('tokens=6 rate=0', 'Second question') });

    expect(second.content).toBe(generatedText(6));
    expect(second.taskId).toBe(first.taskId);
    expect(lastConversation(stage)).toEqual([
      ['system', expect.stringContaining('friendly assistant')],
      ['user', script('tokens=5 rate=0', 'First question')],
      ['assistant', first.content],
      ['user', script('tokens=6 rate=0', 'Second question')],
    ]);
    const third = await api.turn({ task_id: first.taskId, prompt: script('tokens=7 rate=0', 'Third question') });
    expect(lastConversation(stage).map(([role]) => role)).toEqual([
      'system',
      'user',
      'assistant',
      'user',
      'assistant',
      'user',
    ]);
    expect((await api.task(third.taskId)).subtasks.map(({ message_id: id }) => id)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('takes a new turn as soon as `done` was seen, ten times over', async () => {
    let { taskId } = await api.turn(script('tokens=2 rate=0'));
    for (let round = 0; round < 10; round += 1) {
      const stream = await api.ask({ task_id: taskId, prompt: script('tokens=2 rate=0', `Round ${round}`) });
      expect(stream.status).toBe(200);
      await stream.untilType('done');
      ({ taskId } = startOf(stream));
    }
    expect((await api.task(taskId)).subtasks).toHaveLength(22);
  });

  it('asks the team that is named or numbered', async () => {
    const byName = await api.turn({ team_name: 'demo-openai-team', prompt: script('tokens=4 rate=0') });
    expect(byName.stream.events.map(({ data }) => data)).toContainEqual(
      expect.objectContaining({ type: 'start', model: 'simulator-openai' }),
    );
    expect(stage.simulator.requests.at(-1)?.path).toBe('/openai/v1/chat/completions');
    const { team_id: teamId } = await api.task(byName.taskId);
    const byId = await api.turn({ team_id: teamId, prompt: script('tokens=4 rate=0') });

    expect(byId.content).toBe(generatedText(4));
    expect(byId.terminal).toMatchObject({ type: 'done', usage: { output_tokens: expect.any(Number) } });
    expect((await api.task(byId.taskId)).team_id).toBe(teamId);
  });

  it('keeps the team of a task for its next turn', async () => {
    const first = await api.turn({ team_name: 'demo-openai-team', prompt: script('tokens=4 rate=0') });
    await api.turn({ task_id: first.taskId, prompt: script('tokens=4 rate=0') });

    expect(stage.simulator.requests.at(-1)?.path).toBe('/openai/v1/chat/completions');
    const { messages } = stage.simulator.requests.at(-1)?.body as ClaudeBody;
    expect(messages.map(({ role }) => role)).toEqual(['system', 'user', 'assistant', 'user']);
  });

  it('lets model_id take the place of the bot’s model', async () => {
    const turn = await api.turn({ model_id: 'simulator-openai', prompt: script('tokens=4 rate=0') });

    expect(turn.stream.events.map(({ data }) => data)).toContainEqual(
      expect.objectContaining({ type: 'start', model: 'simulator-openai' }),
    );
    expect(stage.simulator.requests.at(-1)?.provider).toBe('openai');
    const unknown = await api.post<ErrorBody>('/direct-chat/stream', { prompt: 'x', model_id: 'nobody-knows-it' });
    expect([unknown.status, unknown.body.code]).toEqual([404, 'not_found']);
  });

  it('gives the title that was asked for, else one from the prompt', async () => {
    const named = await api.turn({ prompt: script('tokens=1 rate=0'), title: 'My title' });
    const unnamed = await api.turn(script('tokens=1 rate=0', 'Grüße an alle'));

    expect((await api.task(named.taskId)).title).toBe('My title');
    expect((await api.task(unnamed.taskId)).title).toContain('Grüße an alle');
  });

  it.each([
    ['demo-team', 'thinking'],
    ['demo-openai-team', 'reasoning-content'],
  ])('tells reasoning apart from the answer: %s', async (team, name) => {
    const turn = await api.turn({ team_name: team, prompt: script(`case=${name} tokens=6 reasoning=5 rate=0`) });

    expect(flaws(turn.stream.events)).toEqual([]);
    expect([turn.content, turn.reasoning]).toEqual([generatedText(6), reasoningText(5)]);
    expect((await api.answer(turn.taskId, turn.subtaskId)).result).toMatchObject({
      value: generatedText(6),
      reasoning: reasoningText(5),
    });
  });

  it('sends usage, and repeats it in `done` and in the result', async () => {
    const turn = await api.turn(script('tokens=6 rate=0'));
    const usage = turn.stream.events
      .map(({ data }) => data)
      .filter((data) => data.type === 'usage')
      .at(-1);
    const { type: _type, ...counts } = { ...usage };

    expect(counts).toMatchObject({ input_tokens: expect.any(Number), output_tokens: expect.any(Number) });
    expect(turn.terminal).toMatchObject({ usage: counts });
    expect((await api.answer(turn.taskId, turn.subtaskId)).result?.usage).toEqual(counts);
  });

  it.each([
    ['max-tokens', 'length'],
    ['empty', 'stop'],
  ])('tells why an answer ended: %s', async (name, reason) => {
    const turn = await api.turn(script(`case=${name} tokens=6 rate=0`));

    expect(turn.terminal).toMatchObject({ type: 'done', finish_reason: reason });
    expect((await api.task(turn.taskId)).result?.value).toBe(turn.content);
  });

  it('describes the stream in its headers', async () => {
    const stream = await api.ask(script('tokens=1 rate=0'), { 'x-request-id': 'my-request-1' });

    expect(stream.status).toBe(200);
    expect(stream.headers).toMatchObject({
      'content-type': expect.stringMatching(/^text\/event-stream/),
      'cache-control': expect.stringContaining('no-transform'),
      'x-accel-buffering': 'no',
      'x-request-id': 'my-request-1',
    });
    expect(stream.headers['content-length']).toBeUndefined();
    await stream.untilClosed();
  });

  it('goes on when its client leaves', async () => {
    const stream = await api.ask(script('tokens=30 rate=60'));
    const { taskId } = await started(stream);
    await stream.untilType('content');
    stream.close();
    const task = await eventually('the answer ends', async () => {
      const found = await api.task(taskId);

      return found.status === 'COMPLETED' && found;
    });

    expect(task.result?.value).toBe(generatedText(30));
  });

  it('runs one of two turns that come at once for a task, and refuses the other', async () => {
    const { taskId } = await api.turn(script('tokens=1 rate=0'));
    const before = stage.simulator.counters.requests;
    const ask = (name: string) => api.ask({ task_id: taskId, prompt: script('tokens=20 rate=50', name) });
    const streams = await Promise.all([ask('One'), ask('Two'), ask('Three')]);
    await Promise.all(streams.map((stream) => stream.untilClosed()));

    expect(streams.map(({ status }) => status).sort()).toEqual([200, 409, 409]);
    for (const stream of streams.filter(({ status }) => status === 409)) {
      expect(stream.json()['code']).toBe('task_busy');
    }
    const runner = streams.find(({ status }) => status === 200);
    expect(fold(runner?.events ?? []).content).toBe(generatedText(20));
    expect(stage.simulator.counters.requests - before).toBe(1);
    expect((await api.task(taskId)).subtasks).toHaveLength(4);
  });

  describe('Idempotency-Key', () => {
    it('attaches the same request to the same answer, also at the same moment', async () => {
      const before = stage.simulator.counters.requests;
      const body = { prompt: script('tokens=20 rate=100', 'Only once') };
      const streams = await Promise.all([1, 2, 3].map(() => api.ask(body, { 'idempotency-key': `same-${kind}` })));
      await Promise.all(streams.map((stream) => stream.untilClosed()));

      expect(streams.map(({ status }) => status)).toEqual([200, 200, 200]);
      expect(new Set(streams.map((stream) => startOf(stream).subtaskId)).size).toBe(1);
      for (const { events } of streams) {
        expect(flaws(events)).toEqual([]);
        expect(fold(events).content).toBe(generatedText(20));
      }
      const again = await api.turn(body, { 'idempotency-key': `same-${kind}` });
      expect([again.subtaskId, again.content]).toEqual([startOf(nth(streams, 0)).subtaskId, generatedText(20)]);
      expect(stage.simulator.counters.requests - before).toBe(1);
    });

    it('refuses another body', async () => {
      await api.turn({ prompt: script('tokens=1 rate=0') }, { 'idempotency-key': 'one-body' });
      const other = await api.post<ErrorBody>(
        '/direct-chat/stream',
        { prompt: 'Another' },
        { 'idempotency-key': 'one-body' },
      );

      expect([other.status, other.body.code]).toEqual([409, 'idempotency_key_reused']);
    });

    it.each([['has spaces'], ['é'], ['x'.repeat(129)]])('refuses the malformed key %s', async (key) => {
      const reply = await api.post<ErrorBody>('/direct-chat/stream', { prompt: 'x' }, { 'idempotency-key': key });

      expect([reply.status, reply.body.code]).toEqual([400, 'bad_request']);
    });
  });
});
