import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Api } from './support/api.js';
import { endAll, eventually } from './support/child.js';
import { addExecutorTeam, addTask, ExecutorApi, INTERNAL_TOKEN, untilTask } from './support/executors.js';
import { Stage } from './support/stage.js';

describe('leases of executors', () => {
  let stage: Stage;
  let api: Api;
  let executor: ExecutorApi;
  let teamId: number;

  beforeAll(async () => {
    const leases = { EXECUTOR_LEASE_SECONDS: '3', EXECUTOR_MAX_ATTEMPTS: '2' };
    stage = await Stage.start('distributed', { INTERNAL_API_TOKEN: INTERNAL_TOKEN, ...leases });
    api = stage.api;
    executor = new ExecutorApi(api);
    ({ teamId } = await addExecutorTeam(api, 'solo', [{ name: 'solo-bot' }], 'solo'));
  });

  afterAll(() => endAll(stage));

  async function takeAgain(taskId: number, subtaskId: number) {
    await eventually('it is offered again', async () => (await api.answer(taskId, subtaskId)).status === 'PENDING');

    return executor.take();
  }
  const ended = (taskId: number, status: string) => untilTask(api, taskId, status);

  it('that run out have the subtask offered again, in its old place, to a new executor; in the end it is lost', async () => {
    const taskId = await addTask(api, teamId);
    const first = await executor.take();
    await executor.report(first.subtask_id, 'RUNNING', { executor_name: 'lost', progress: 40, seq: 40 });
    const newer = await addTask(api, teamId);
    const second = await takeAgain(taskId, first.subtask_id);

    expect(second).toMatchObject({ task_id: taskId, subtask_id: first.subtask_id, executor_name: '' });
    const failed = await ended(taskId, 'FAILED');
    expect(failed.error_message).toMatch(/not heard of for 3 s, 2 time/);
    expect((await executor.heartbeat(first.subtask_id)).body.code).toBe('subtask_final');
    const late = await executor.report(first.subtask_id, 'COMPLETED', { result: { value: 'late' } });
    expect(late.body.ignored).toBe('terminal');
    await executor.report((await executor.take(`?task_ids=${newer}`)).subtask_id, 'COMPLETED');
    const metrics = (await api.get('/metrics')).text;
    expect(metrics).toMatch(/conch_executor_lease_expiries_total{outcome="lost"} 1/);
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
