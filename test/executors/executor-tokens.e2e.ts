import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Api, ErrorBody } from '../support/api.js';
import { endAll } from '../support/child.js';
import {
  addExecutorTeam,
  addTask,
  type Dispatched,
  ExecutorApi,
  INTERNAL_TOKEN,
  untilTask,
} from '../support/executors/executors.js';
import { Stage } from '../support/stages/stage.js';

const PASSWORD = 'the password of this test';

describe('the auth_token of an executor', () => {
  let stage: Stage;
  let admin: Api;
  let manager: ExecutorApi;
  let teamId: number;

  beforeAll(async () => {
    stage = await Stage.start('embedded', {
      ...{ AUTH_MODE: 'jwt', ADMIN_PASSWORD: PASSWORD, JWT_SECRET: 'a secret of this test only' },
      INTERNAL_API_TOKEN: INTERNAL_TOKEN,
    });
    const login = { user_name: 'admin', password: PASSWORD };
    admin = stage.api.as((await stage.api.post<{ access_token: string }>('/auth/login', login)).body.access_token);
    manager = new ExecutorApi(stage.api);
    ({ teamId } = await addExecutorTeam(admin, 'solo', [{ name: 'solo-bot' }], 'solo'));
  });

  afterAll(() => endAll(stage));

  async function claimed(): Promise<Dispatched> {
    await addTask(admin, teamId);

    return manager.take();
  }

  it('is no token of the user: every call for users and admins refuses it', async () => {
    const { auth_token: token, task_id: taskId } = await claimed();
    const executor = stage.api.as(token);
    for (const [method, path, body] of [
      ['GET', '/users/me', undefined],
      ['PUT', '/users/me', { password: 'another password' }],
      ['POST', '/users', { user_name: 'mallory', password: 'another password', role: 'admin' }],
      ['GET', '/tasks', undefined],
      ['GET', `/tasks/${taskId}`, undefined],
      ['DELETE', `/tasks/${taskId}`, undefined],
      ['GET', '/bots', undefined],
      ['POST', '/executors/tasks/dispatch', undefined],
      ['GET', '/admin/queues', undefined],
    ] as const) {
      const reply = await executor.call<ErrorBody>(method, path, body);
      expect([method, path, reply.status, reply.body.code]).toEqual([method, path, 401, 'unauthorized']);
    }
  });

  it('reports on its own subtask only, and ends with it', async () => {
    const [own, other] = [await claimed(), await claimed()];
    const executor = new ExecutorApi(stage.api, own.auth_token);

    expect((await executor.heartbeat(own.subtask_id)).status).toBe(200);
    expect((await executor.report(own.subtask_id, 'RUNNING', { progress: 50 })).status).toBe(200);
    const foreign = [
      await executor.heartbeat(other.subtask_id),
      await executor.report(other.subtask_id, 'COMPLETED', { result: { value: 'forged' } }),
      await executor.report(NaN, 'COMPLETED'),
    ];
    expect(foreign.map(({ status, body }) => [status, body.code])).toEqual(Array(3).fill([403, 'forbidden']));

    expect((await executor.report(own.subtask_id, 'COMPLETED', { result: { value: 'done' } })).status).toBe(200);
    await untilTask(admin, own.task_id, 'COMPLETED');
    const late = [await executor.heartbeat(own.subtask_id), await executor.report(own.subtask_id, 'FAILED')];
    expect(late.map(({ status, body }) => [status, body.code])).toEqual(Array(2).fill([401, 'unauthorized']));
    expect((await manager.report(other.subtask_id, 'COMPLETED')).status).toBe(200);
  });
});
