import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Api } from '../support/api.js';
import { endAll, eventually } from '../support/child.js';
import { addExecutorTeam, addTask, ExecutorApi, INTERNAL_TOKEN, untilTask } from '../support/executors/executors.js';
import { Receiver } from '../support/receiver.js';
import { fold } from '../support/streams/sse.js';
import { Stage } from '../support/stages/stage.js';

describe('leases of executors', () => {
  let stage: Stage;
  let api: Api;
  let executor: ExecutorApi;
  let teamId: number;
  let lineId: number;
  let receiver: Receiver;

  beforeAll(async () => {
    const leases = {
      ...{ EXECUTOR_LEASE_SECONDS: '3', EXECUTOR_SILENT_LEASE_SECONDS: '3', EXECUTOR_MAX_ATTEMPTS: '2' },
    };
    receiver = await Receiver.start();
    const webhook = { WEBHOOK_URL: `${receiver.url}/hook`, WEBHOOK_SECRET: 'a webhook secret of this test' };
    stage = await Stage.start('distributed', { INTERNAL_API_TOKEN: INTERNAL_TOKEN, ...webhook, ...leases });
    api = stage.api;
    executor = new ExecutorApi(api);
    ({ teamId } = await addExecutorTeam(api, 'solo', [{ name: 'solo-bot' }], 'solo'));
    ({ teamId: lineId } = await addExecutorTeam(api, 'line', [{ name: 'one' }, { name: 'two' }]));
  });

  afterAll(() => endAll(stage, receiver));

  async function takeAgain(taskId: number, subtaskId: number) {
    await eventually('it is offered again', async () => (await api.answer(taskId, subtaskId)).status === 'PENDING');

    return executor.take();
  }
  const ended = (taskId: number, status: string) => untilTask(api, taskId, status);

  it('that run out have the subtask offered again, in its old place, to the executor that may live; in the end it is lost', async () => {
    const taskId = await addTask(api, teamId);
    const first = await executor.take();
    await executor.report(first.subtask_id, 'RUNNING', { executor_name: 'lost', progress: 40, seq: 40 });
    const newer = await addTask(api, teamId);
    const second = await takeAgain(taskId, first.subtask_id);

    expect(second).toMatchObject({ task_id: taskId, subtask_id: first.subtask_id, executor_name: 'lost' });
    const failed = await ended(taskId, 'FAILED');
    expect(failed.error_message).toMatch(/executor was lost 2 time/);
    expect((await executor.heartbeat(first.subtask_id)).body.code).toBe('subtask_final');
    const progress = await executor.report(first.subtask_id, 'RUNNING', { progress: 90 });
    expect(progress.body.ignored).toBe('terminal');
    await executor.report((await executor.take(`?task_ids=${newer}`)).subtask_id, 'COMPLETED');
    const metrics = (await api.get('/metrics')).text;
    expect(metrics).toMatch(/conch_executor_lease_expiries_total{outcome="lost"} 1/);
  });

  it('that run out for the last time do not cost the answer: the executor that completes it repairs the task', async () => {
    const taskId = await addTask(api, lineId);
    const { subtask_id: subtaskId } = await executor.take();
    const own = new ExecutorApi(api, (await takeAgain(taskId, subtaskId)).auth_token);
    const lost = await ended(taskId, 'FAILED');
    expect(lost.subtasks.slice(1).map(({ status }) => status)).toEqual(['FAILED', 'CANCELLED']);
    const late = await own.report(subtaskId, 'COMPLETED', { executor_name: 'late', result: { value: 'after all' } });
    expect([late.status, late.body.ignored]).toEqual([200, undefined]);

    const next = await eventually('the next step is offered', async () => (await executor.dispatch())[0]);
    expect(next).toMatchObject({ task_id: taskId, prompt: expect.stringContaining('after all') });
    const repaired = await api.task(taskId);
    expect(repaired).toMatchObject({ status: 'RUNNING', error_message: null, completed_at: null });
    expect((await api.answer(taskId, subtaskId)).result?.value).toBe('after all');
    expect((await own.report(subtaskId, 'COMPLETED', { result: { value: 'again' } })).status).toBe(401);
    await executor.report(next.subtask_id, 'COMPLETED', { result: { value: 'the end' } });
    expect((await ended(taskId, 'COMPLETED')).result?.value).toBe('the end');
    // The log that ended with the loss has gone: readers get what there is now.
    const stream = await eventually('the stream has the end', async () => {
      const { events } = await (await api.attach(taskId)).untilClosed();

      return events.at(-1)?.data.type === 'done' && fold(events);
    });
    expect(stream.content).toBe('the end');
  });

  it('and a failure without a reason, as of a second container, do not cost the answer of the first one', async () => {
    const taskId = await addTask(api, teamId);
    const { subtask_id: subtaskId } = await executor.take();
    await executor.report(subtaskId, 'RUNNING', { executor_name: 'same' });
    await takeAgain(taskId, subtaskId);
    await executor.report(subtaskId, 'FAILED', { progress: 100, executor_name: 'same' });
    await ended(taskId, 'FAILED');
    const answers = ['first', 'second'].map((value) => executor.report(subtaskId, 'COMPLETED', { result: { value } }));
    await Promise.all(answers);

    expect((await ended(taskId, 'COMPLETED')).result?.value).toBe('first');
    await eventually('both ends are delivered', () => receiver.of(taskId).length > 1);
    expect(receiver.of(taskId).map(({ payload }) => payload.event)).toEqual(['task.failed', 'task.completed']);
  });

  it('that run out end the token of the executor that had them, as soon as another one claims the subtask', async () => {
    const taskId = await addTask(api, teamId);
    const first = await executor.take();
    const second = await takeAgain(taskId, first.subtask_id);
    const [lost, owner] = [first, second].map(({ auth_token: token }) => new ExecutorApi(api, token));
    const late = await lost?.report(first.subtask_id, 'COMPLETED', { result: { value: 'late' } });
    const done = await owner?.report(first.subtask_id, 'COMPLETED', { result: { value: 'in time' } });

    expect([late?.status, done?.status]).toEqual([401, 200]);
    expect((await ended(taskId, 'COMPLETED')).result?.value).toBe('in time');
  });

  it('are extended by heartbeats and by reports', async () => {
    const taskId = await addTask(api, teamId);
    const { subtask_id: subtaskId } = await executor.take();
    const { body } = await executor.heartbeat(subtaskId);
    const end = Date.parse(body.lease_expires_at) + 1_000;
    // Often, so that a busy machine has almost the whole lease for each.
    for (let beat = 0; Date.now() < end; beat += 1) {
      await sleep(200);
      const { status } = beat % 2 ? await executor.heartbeat(subtaskId) : await executor.report(subtaskId, 'RUNNING');
      expect(status).toBe(200);
    }
    expect(await executor.dispatch()).toEqual([]);
    await executor.report(subtaskId, 'COMPLETED', { result: { value: 'slow' } });
    expect((await ended(taskId, 'COMPLETED')).result?.value).toBe('slow');
  });

  it('let the next executor count from the beginning; the lost one is told', async () => {
    const taskId = await addTask(api, teamId);
    const { subtask_id: subtaskId } = await executor.take();
    await executor.report(subtaskId, 'RUNNING', { seq: 900, event_id: 'a', executor_name: 'first' });
    await takeAgain(taskId, subtaskId);
    const begun = await executor.report(subtaskId, 'RUNNING', { seq: 1, event_id: 'a', executor_name: 'second' });
    await eventually('its name is known', async () => {
      return (await executor.heartbeat(subtaskId, { executor_name: 'first' })).body.code === 'lease_lost';
    });
    const zombie = await executor.report(subtaskId, 'RUNNING', { seq: 901, executor_name: 'first', progress: 99 });
    await executor.report(subtaskId, 'COMPLETED', {
      seq: 2,
      executor_name: 'second',
      result: { value: 'of the second' },
    });

    expect((await executor.heartbeat(subtaskId, { executor_name: 'first' })).status).toBe(409);
    expect(begun.body.ignored).toBeUndefined();
    expect(zombie.body.ignored).toBe('stale');
    expect((await ended(taskId, 'COMPLETED')).result?.value).toBe('of the second');
  });

  it('of a task that is being cancelled end it', async () => {
    const taskId = await addTask(api, teamId);
    const { subtask_id: subtaskId } = await executor.take();
    await api.post(`/tasks/${taskId}/cancel`);
    expect((await executor.heartbeat(subtaskId)).body.cancelling).toBe(true);

    await ended(taskId, 'CANCELLED');
  });
});
