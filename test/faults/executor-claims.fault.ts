import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { endAll, eventually } from '../support/child.js';
import { addExecutorTeam, addTask, ExecutorApi, INTERNAL_TOKEN } from '../support/executors/executors.js';
import { Stage } from '../support/stages/stage.js';

describe('executors, when parts of the server are lost', () => {
  let stage: Stage;
  let executor: ExecutorApi;
  let teamId: number;

  beforeAll(async () => {
    const environment = {
      INTERNAL_API_TOKEN: INTERNAL_TOKEN,
      EXECUTOR_LEASE_SECONDS: '3',
      EXECUTOR_SILENT_LEASE_SECONDS: '3',
    };
    stage = await Stage.start('distributed', environment, 2);
    executor = new ExecutorApi(stage.api);
    ({ teamId } = await addExecutorTeam(stage.api, 'solo', [{ name: 'solo-bot' }], 'solo'));
  });

  afterAll(() => endAll(stage));

  it('a subtask whose dispatch was never answered is handed out again', async () => {
    const taskId = await addTask(stage.api, teamId);
    const dispatch = executor.dispatch().catch(() => []);
    await eventually('it is claimed', async () => {
      const [row] = await stage.postgres.query<{ offers: number }>('select max(offers) as offers from subtasks');

      return row?.offers === 1;
    });
    await stage.server(0).kill();
    await dispatch;
    const other = new ExecutorApi(stage.server(1).api);
    const again = await eventually('it is handed out again', async () => (await other.dispatch())[0]);
    await other.report(again.subtask_id, 'COMPLETED', { result: { value: 'after all' } });

    expect(again.task_id).toBe(taskId);
    await eventually('it is completed', async () => {
      const task = await stage.server(1).api.task(taskId);

      return task.status === 'COMPLETED' && task.result?.value === 'after all';
    });
    await stage.revive();
    executor = new ExecutorApi(stage.api);
  });

  it('a report is not acknowledged while the queue is away', async () => {
    const taskId = await addTask(stage.api, teamId);
    const { subtask_id: subtaskId } = await executor.take();
    await stage.redis.kill();
    const refused = await executor.report(subtaskId, 'COMPLETED', {
      seq: 1,
      event_id: 'end',
      result: { value: 'whole' },
    });
    await stage.redis.start();
    const taken = await eventually('the queue is back', async () => {
      const reply = await executor.report(subtaskId, 'COMPLETED', {
        seq: 1,
        event_id: 'end',
        result: { value: 'whole' },
      });

      return reply.status === 200 && reply;
    });

    expect([refused.status, refused.body.code]).toEqual([503, 'service_unavailable']);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect(taken.body.ignored).toBeUndefined();
    await eventually('it is completed', async () => (await stage.api.task(taskId)).result?.value === 'whole');
  });
});
