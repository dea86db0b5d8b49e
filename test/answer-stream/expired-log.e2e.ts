import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generatedText } from '../../tools/simulator/simulator.js';
import { type Api, started } from '../support/api.js';
import { endAll, eventually, nth } from '../support/child.js';
import { Pipeline } from '../support/content/pipelines.js';
import { flaws, fold } from '../support/streams/sse.js';
import { script, Stage } from '../support/stages/stage.js';

const TEXTS = [generatedText(8, 6), generatedText(9, 8), generatedText(7, 7)] as const;
const SCRIPTS = ['tokens=8 size=6 rate=100', 'tokens=9 size=8 rate=100', 'tokens=7 size=7 rate=100'];

describe('a log that has expired', () => {
  let stage: Stage;
  let api: Api;

  beforeAll(async () => {
    stage = await Stage.start('embedded', { STREAM_TTL_SECONDS: '1' });
    api = stage.api;
  });

  afterAll(() => endAll(stage));

  /** The stream of an answer that has ended, once its log has expired. */
  const expired = (taskId: number, query = '') =>
    eventually('the log has expired', async () => {
      const stream = await (await api.attach(taskId, undefined, query)).untilClosed();

      // A log that expires while it is read ends the connection without an event.
      return stream.events[0]?.data.type === 'resync' && stream;
    });

  it.each([
    ['done', 'case=thinking tokens=10 reasoning=4 rate=0'],
    ['error', 'case=error-after-text after=5 rate=0'],
  ])('tells an answer from the database: %s', async (type, text) => {
    const turn = await api.turn(script(text));
    expect(turn.terminal?.type).toBe(type);
    const stream = await expired(turn.taskId);

    expect(stream.events.map(({ data }) => data.type)).toEqual(['resync', type]);
    expect(flaws(stream.events)).toEqual([]);
    expect(fold(stream.events)).toEqual({ content: turn.content, reasoning: turn.reasoning, terminal: turn.terminal });
    expect(stream.lastId).toBe(turn.stream.lastId);
    const rest = await (await api.attach(turn.taskId, nth(turn.stream.events, 1).id)).untilClosed();
    expect(fold(rest.events).content).toBe(turn.content);
    expect((await api.attach(turn.taskId, stream.lastId)).status).toBe(204);
  });

  it('tells a cancelled answer with its text', async () => {
    const stream = await api.ask(script('tokens=200 rate=50'));
    const { taskId } = await started(stream);
    await stream.untilType('content');
    await api.cancel(taskId);
    await stream.untilClosed();
    const later = await expired(taskId);

    expect(fold(later.events)).toEqual(fold(stream.events));
  });

  it.each([
    ['the last step', SCRIPTS, 2, TEXTS[2], 'done'],
    ['the step that failed', [nth(SCRIPTS, 0), 'status=401', nth(SCRIPTS, 2)], 1, '', 'error'],
  ] as const)('is told by the database: %s', async (_what, scripts, deciding, text, type) => {
    const line = await Pipeline.add(stage, scripts);
    const { taskId, stream } = await api.turn({ prompt: 'Write', team_id: line.teamId });
    const steps = await line.steps(taskId);
    const ids = steps.map(({ id }) => id);
    const late = await expired(taskId, `?subtask_id=${nth(ids, 1)}`);

    expect(flaws(late.events, nth(late.events, 0).seq - 1)).toEqual([]);
    expect(nth(late.events, 0).data).toEqual({
      ...{ type: 'resync', content: text, reasoning: '' },
      subtask_id: nth(ids, deciding),
    });
    expect(late.last?.data).toMatchObject({ type });
    expect(late.last?.data).toEqual(stream.last?.data);
    for (const { id } of stream.events.slice(0, -1)) {
      expect(fold((await (await api.attach(taskId, id)).untilClosed()).events).terminal?.type).toBe(type);
    }
    expect((await api.attach(taskId, stream.lastId)).status).toBe(204);
  });
});
