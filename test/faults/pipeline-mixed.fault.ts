import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { generatedText } from '../../tools/simulator/simulator.js';
import { endAll, eventually, nth } from '../support/child.js';
import { type Dispatched, ExecutorApi, INTERNAL_TOKEN } from '../support/executors/executors.js';
import { runnerOf } from '../support/streams/follower.js';
import { MixedLine } from '../support/content/mixed-line.js';
import { shapeOf, textsOf } from '../support/content/pipelines.js';
import { flaws } from '../support/streams/sse.js';
import { Stage } from '../support/stages/stage.js';

const TEXTS = [generatedText(20, 6), generatedText(200, 8), generatedText(20, 7)];
const SCRIPTS = ['tokens=20 size=6 rate=200', 'tokens=200 size=8 rate=100', 'tokens=20 size=7 rate=200'];
/** Tokens of the long step that were sent when its worker is killed; the other steps have fewer. */
const HELD = 40;

const text = (content: string) => ({ type: 'content', content });

describe('processes are killed in pipelines of direct chat and executors', () => {
  let stage: Stage;

  beforeAll(async () => {
    const environment = {
      ...{ INTERNAL_API_TOKEN: INTERNAL_TOKEN, JWT_SECRET: 'a-secret-of-both-replicas-0123456789abcdef' },
      ...{ LOST_RUN_AGE_SECONDS: '2', MAINTENANCE_INTERVAL_MS: '1000' },
    };
    stage = await Stage.start('distributed', environment, 2);
  });

  beforeEach(async () => {
    await stage.revive();
    stage.simulator.reset();
    stage.simulator.holdAt(HELD);
  });

  afterAll(() => endAll(stage));

  const manager = (replica = 0) => new ExecutorApi(stage.server(replica).api);
  const claimed = (): Promise<Dispatched> =>
    eventually('a step is offered', async () => (await manager().dispatch())[0]);

  async function ask(kinds: readonly ('chat' | 'code')[]) {
    const line = await MixedLine.add(stage, kinds, SCRIPTS);
    const stream = await stage.server(1).api.ask({ prompt: 'Write', team_id: line.teamId });

    return { line, stream, taskId: Number(stream.headers['x-task-id']) };
  }

  it('between the end of an executor and the run of the next step: that run begins, once', async () => {
    const { line, stream, taskId } = await ask(['code', 'chat']);
    stage.simulator.holdAt(Infinity);
    const { subtask_id: id } = await claimed();
    await manager().events(id, 1, [text('cod')]);
    await stream.untilType('content');
    // What the transaction of the end leaves behind, when its process dies right after it.
    await stage.postgres.query(`update subtasks set status = 'COMPLETED', progress = 100, lease_expires_at = null,
      completed_at = now(), result = '{"value":"coded"}' where id = ${id}`);
    await stage.postgres.query(`update subtasks set run_requested_at = now() where task_id = ${taskId} and id > ${id}`);
    await stream.untilClosed();

    expect(flaws(stream.events)).toEqual([]);
    expect(shapeOf(stream.events).replace('queued ', '')).toBe('start1 content start2 content usage done');
    expect([...textsOf(stream.events).values()]).toEqual(['coded', TEXTS[1]]);
    expect(line.asked(2).length).toBe(1);
    expect((await line.steps(taskId)).map(({ status }) => status)).toEqual(['COMPLETED', 'COMPLETED']);
  });

  it('the worker of a step behind an executor: another one goes on, the executor is not asked again', async () => {
    const { line, stream, taskId } = await ask(['code', 'chat', 'chat']);
    stream.close();
    const { subtask_id: id } = await claimed();
    await manager().events(id, 1, [text('coded')]);
    await manager(1).report(id, 'COMPLETED', { result: { value: 'coded' } });
    const runner = await runnerOf(stage, nth(await line.steps(taskId), 1).id);
    const other = stage.server(1 - runner);
    const reader = await other.api.attach(taskId);
    const isHeld = () => ([...textsOf(reader.events).values()][1] ?? '').length >= HELD * 8;
    await reader.until(isHeld);
    await stage.server(runner).kill();
    stage.simulator.holdAt(Infinity);
    await reader.untilClosed();

    expect(flaws(reader.events)).toEqual([]);
    expect(shapeOf(reader.events).replace('queued ', '')).toBe(
      'start1 content start2 content reset start1 content start2 content usage start3 content usage done',
    );
    expect([...textsOf(reader.events).values()]).toEqual(['coded', TEXTS[1], TEXTS[2]]);
    expect([2, 3].map((step) => line.asked(step).length)).toEqual([2, 1]);
    expect(await new ExecutorApi(other.api).dispatch()).toEqual([]);
    expect((await other.api.task(taskId)).status).toBe('COMPLETED');
  });

  it('all of them while an executor works: it goes on, and the next step behind it', async () => {
    const { line, stream, taskId } = await ask(['chat', 'code', 'chat']);
    stage.simulator.holdAt(Infinity);
    const task = await claimed();
    await manager().events(task.subtask_id, 1, [text('first ')]);
    const isShown = () => [...textsOf(stream.events).values()][1] === 'first ';
    await stream.until(isShown);
    await Promise.all(stage.servers.map((server) => server.kill()));
    await stage.revive();
    const executor = line.executorOf(task);
    expect((await executor.events(task.subtask_id, 2, [text('second')])).body.last).toBe(2);
    await executor.report(task.subtask_id, 'COMPLETED', { result: { value: 'first second' } });
    const rest = await (await stage.server(1).api.attach(taskId, stream.lastId)).untilClosed();
    const all = [...stream.events, ...rest.events];

    expect(flaws(all)).toEqual([]);
    expect(shapeOf(all).replace('queued ', '')).toBe('start1 content usage start2 content start3 content usage done');
    expect([...textsOf(all).values()]).toEqual([TEXTS[0], 'first second', TEXTS[2]]);
    expect([1, 3].map((step) => line.asked(step).length)).toEqual([1, 1]);
  });
});
