import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Api } from '../support/api.js';
import { endAll, eventually } from '../support/child.js';
import {
  addExecutorTeam,
  addTask,
  ExecutorApi,
  FakeManager,
  INTERNAL_TOKEN,
  untilTask,
} from '../support/executors/executors.js';
import { Stage } from '../support/stages/stage.js';

const DEADLINE_SECONDS = 6;

describe('cancelling executors', () => {
  let stage: Stage;
  let api: Api;
  let executor: ExecutorApi;
  let manager: FakeManager;
  let teamId: number;
  let lineId: number;

  beforeAll(async () => {
    manager = await FakeManager.start();
    stage = await Stage.start('distributed', {
      INTERNAL_API_TOKEN: INTERNAL_TOKEN,
      EXECUTOR_MANAGER_URL: manager.url,
      CANCEL_DEADLINE_SECONDS: String(DEADLINE_SECONDS),
    });
    api = stage.api;
    executor = new ExecutorApi(api);
    ({ teamId } = await addExecutorTeam(api, 'solo', [{ name: 'solo-bot' }], 'solo'));
    ({ teamId: lineId } = await addExecutorTeam(api, 'line', [{ name: 'one' }, { name: 'two' }]));
  });

  afterAll(async () => {
    await endAll(stage, manager);
  });

  const cancel = (taskId: number) => api.post(`/tasks/${taskId}/cancel`);
  const ended = (taskId: number, status: string) => untilTask(api, taskId, status);
  async function running(team = teamId) {
    const taskId = await addTask(api, team);

    return { taskId, subtaskId: (await executor.take()).subtask_id };
  }
  /** What the database keeps of the end. */
  async function expectProof(taskId: number, proof: object) {
    const [row] = await stage.postgres.query<{ event: object }>(
      "select terminal_event as event from subtasks where task_id = $1 and role = 'ASSISTANT'",
      [taskId],
    );
    expect(row?.event).toEqual({ type: 'cancelled', cancelled: true, proof });
  }

  it('ends what nobody has taken, without asking anybody', async () => {
    const taskId = await addTask(api, teamId);
    await cancel(taskId);
    await ended(taskId, 'CANCELLED');

    expect(await executor.dispatch()).toEqual([]);
    expect(manager.callsOf('cancel', { task_id: taskId })).toEqual([]);
    await expectProof(taskId, { executor_acked: false, while: 'queued' });
  });

  it('asks the manager once it has acknowledged, and takes the word of the executor', async () => {
    manager.answers['cancel'] = () => ({ status: 200, body: { status: 'success' } });
    const { taskId, subtaskId } = await running();
    await cancel(taskId);
    const progress = await executor.report(subtaskId, 'RUNNING', { progress: 90 });
    expect([progress.status, (await api.task(taskId)).status]).toEqual([200, 'CANCELLING']);
    await executor.report(subtaskId, 'CANCELLED', { result: { value: 'half' } });

    expect((await ended(taskId, 'CANCELLED')).result?.value).toBe('half');
    const calls = manager.callsOf('cancel', { task_id: taskId });
    expect(calls.map(({ path, authorization }) => [path, authorization])).toEqual([
      ['/executor-manager/tasks/cancel', `Bearer ${INTERNAL_TOKEN}`],
    ]);
    await expectProof(taskId, { executor_acked: true, while: 'running' });
  });

  it('ends what the manager says does not run, and the steps after it', async () => {
    manager.answers['cancel'] = () => ({ status: 400, body: { detail: 'not running' } });
    const { taskId, subtaskId } = await running(lineId);
    await executor.report(subtaskId, 'RUNNING');
    await cancel(taskId);

    const { subtasks } = await ended(taskId, 'CANCELLED');
    expect(subtasks.slice(1).map(({ status }) => status)).toEqual(['CANCELLED', 'CANCELLED']);
    expect(await executor.dispatch(`?task_ids=${taskId}`)).toEqual([]);
  });

  it.each([
    ['acknowledges and does nothing', () => ({ status: 200, body: { status: 'success' } }), true],
    ['is broken', () => ({ status: 500, body: {} }), false],
    ['does not answer', () => ({ status: 200, body: { status: 'success' }, hangs: true }), false],
    ['lies', () => ({ status: 200, body: { status: 'failed', error_msg: 'no' } }), false],
  ] as const)('ends a task at its deadline when the manager %s', async (_case, answer, acked) => {
    manager.answers['cancel'] = answer;
    const { taskId, subtaskId } = await running();
    const reply = await cancel(taskId);
    expect(reply.body['status']).toBe('CANCELLING');
    await ended(taskId, 'CANCELLED');

    await expectProof(taskId, { executor_acked: acked, while: 'running' });
    const late = await executor.report(subtaskId, 'COMPLETED', { result: { value: 'late' } });
    expect(late.body.ignored).toBe('terminal');
  });

  it('deletes the executors of a deleted task, however often that fails', async () => {
    let failures = 0;
    manager.answers['delete'] = () => {
      failures += 1;

      return { status: 200, body: failures > 2 ? { status: 'success' } : { status: 'failed', error_msg: 'busy' } };
    };
    const { taskId, subtaskId } = await running();
    await executor.report(subtaskId, 'COMPLETED', { executor_name: 'container-1' });
    await ended(taskId, 'COMPLETED');
    expect((await api.call('DELETE', `/tasks/${taskId}`)).status).toBe(200);
    await eventually('it is deleted', () => failures > 2);

    expect(manager.callsOf('delete', { executor_name: 'container-1' })).toHaveLength(3);
    const late = await executor.report(subtaskId, 'RUNNING', { executor_name: 'container-2' });
    expect(late.body.ignored).toBe('terminal');
    await eventually('a late one, too', () => manager.callsOf('delete', { executor_name: 'container-2' }).length === 1);
  });

  it('deletes a running task by cancelling it first', async () => {
    manager.answers['cancel'] = () => ({ status: 400, body: { detail: 'not running' } });
    manager.answers['delete'] = () => ({ status: 200, body: { status: 'success' } });
    const { taskId, subtaskId } = await running();
    await executor.report(subtaskId, 'RUNNING', { executor_name: 'container-3' });
    await eventually('its name is known', async () =>
      (await api.get<{ subtasks: { executor_name: string }[] }>(`/tasks/${taskId}`)).body.subtasks.some(
        ({ executor_name: name }) => name === 'container-3',
      ),
    );
    expect((await api.call('DELETE', `/tasks/${taskId}`)).status).toBe(200);

    await eventually('it is deleted', () => manager.callsOf('delete', { executor_name: 'container-3' }).length > 0);
    expect((await api.get(`/tasks/${taskId}`)).status).toBe(404);
  });

  it('deletes a task whose container is still being started, and the container once it comes', async () => {
    manager.answers['cancel'] = () => ({ status: 400, body: { detail: 'not running' } });
    manager.answers['delete'] = () => ({ status: 200, body: { status: 'success' } });
    const { taskId, subtaskId } = await running();
    expect((await api.call('DELETE', `/tasks/${taskId}`)).status).toBe(200);
    expect((await api.get(`/tasks/${taskId}`)).status).toBe(404);
    const late = await executor.report(subtaskId, 'RUNNING', { executor_name: 'container-9' });

    expect(late.body.ignored).toBe('terminal');
    await eventually('it is deleted', () => manager.callsOf('delete', { executor_name: 'container-9' }).length > 0);
  });

  it('deletes the executors of a task that wants it with its end, and no others', async () => {
    manager.answers['delete'] = () => ({ status: 200, body: { status: 'success' } });
    const kept = await running();
    await executor.report(kept.subtaskId, 'COMPLETED', { executor_name: 'kept' });
    const taskId = await addTask(api, teamId, { auto_delete_executor: 'true' });
    const { subtask_id: subtaskId } = await executor.take();
    await executor.report(subtaskId, 'COMPLETED', { executor_name: 'container-4' });
    await ended(taskId, 'COMPLETED');
    await eventually('it is deleted', () => manager.callsOf('delete', { executor_name: 'container-4' }).length > 0);

    expect(manager.callsOf('delete', { executor_name: 'kept' })).toEqual([]);
  });
});
