import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { generatedText } from '../../tools/simulator/simulator.js';
import { started, startOf } from '../support/api.js';
import { endAll, eventually } from '../support/child.js';
import { Follower, runnerOf } from '../support/streams/follower.js';
import { Pipeline, shapeOf, textsOf } from '../support/content/pipelines.js';
import { flaws, fold, type Received, type SseStream, typesOf } from '../support/streams/sse.js';
import { Stage } from '../support/stages/stage.js';

const TEXTS = [generatedText(20, 6), generatedText(200, 8), generatedText(20, 7)];
const SCRIPTS = ['tokens=20 size=6 rate=200', 'tokens=200 size=8 rate=100', 'tokens=20 size=7 rate=200'];

/** Tokens of the second step that were sent when its worker is killed; the other steps have fewer. */
const HELD = 40;

describe('workers are killed in the second step of a pipeline', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.start('distributed', {}, 2);
  });

  beforeEach(async () => {
    await stage.revive();
    stage.simulator.reset();
    stage.simulator.holdAt(HELD);
  });

  afterAll(() => endAll(stage));

  /** Resolves when a reader has everything that the second step has said. */
  const untilHeld = (stream: SseStream, { data }: Received) =>
    stream.until(() => {
      const text = data.type === 'start' ? textsOf(stream.events).get(data.subtask_id) : undefined;

      return (text ?? '').length >= generatedText(HELD, 8).length;
    });

  it('another one goes on with that step; the first one is neither lost nor asked for again', async () => {
    const line = await Pipeline.add(stage, SCRIPTS);
    const stream = await stage.api.ask({ prompt: 'Write', team_id: line.teamId });
    const { taskId, subtaskId } = await started(stream);
    const runner = await runnerOf(stage, subtaskId);
    const [killed, other] = [stage.server(runner), stage.server(1 - runner)];
    stream.close();
    const far = await other.api.attach(taskId);
    const near = new Follower(await killed.api.attach(taskId), taskId, { servers: [other.api] });
    const second = await far.until(({ data }) => data.type === 'start' && data.subtask_id !== startOf(far).subtaskId);
    await untilHeld(far, second);
    await killed.kill();
    stage.simulator.holdAt(Infinity);
    await far.untilClosed();
    const steps = await line.steps(taskId, other.api);
    const wanted = steps.map(({ id }, index) => [id, TEXTS[index]]);

    expect(flaws(far.events)).toEqual([]);
    expect(shapeOf(far.events)).toBe(
      'start1 content usage start2 content reset start1 content start2 content usage start3 content usage done',
    );
    expect([...textsOf(far.events)]).toEqual(wanted);
    expect(steps.map(({ status, result }) => [status, result?.value])).toEqual(
      TEXTS.map((text) => ['COMPLETED', text]),
    );
    const attempts = far.events.flatMap(({ data }) => (data.type === 'start' ? [data.attempt] : []));
    expect(attempts).toEqual([1, 1, 2, 2, 2]);
    expect([1, 2, 3].map((step) => line.requests(step).length)).toEqual([1, 2, 1]);
    const events = await near.finished;
    expect(typesOf(events).at(-1)).toBe('done');
    expect(fold(events).content).toBe(TEXTS[2]);
    expect((await other.api.task(taskId)).status).toBe('COMPLETED');
  });

  it('its run is found again when Redis has lost its data, too', async () => {
    const line = await Pipeline.add(stage, SCRIPTS);
    const stream = await stage.api.ask({ prompt: 'Write', team_id: line.teamId });
    const { taskId, subtaskId } = await started(stream);
    const second = await stream.until(({ data }) => data.type === 'start' && data.subtask_id !== subtaskId);
    await untilHeld(stream, second);
    await Promise.all(stage.servers.map((server) => server.kill()));
    stage.simulator.holdAt(Infinity);
    await stage.redis.use((client) => client.flushall());
    await stage.revive();
    const steps = () => line.steps(taskId, stage.api);
    await eventually(
      'all steps complete',
      async () => (await steps()).every(({ status }) => status === 'COMPLETED'),
      90_000,
    );
    const late = await (await stage.api.attach(taskId)).untilClosed();

    expect((await steps()).map(({ result }) => result?.value)).toEqual(TEXTS);
    expect([...textsOf(late.events).values()]).toEqual(TEXTS);
    expect(shapeOf(late.events)).toMatch(/reset start1 content start2 content usage start3 content usage done$/);
    expect([1, 2, 3].map((step) => line.requests(step).length)).toEqual([1, 2, 1]);
  });
});
