import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Api, ErrorBody } from '../support/api.js';
import { endAll } from '../support/child.js';
import { addModel } from '../support/content/models.js';
import { Stage } from '../support/stages/stage.js';

describe('with AUTH_MODE=jwt', () => {
  let stage: Stage;
  let api: Api;

  beforeAll(async () => {
    const auth = {
      AUTH_MODE: 'jwt',
      ADMIN_PASSWORD: 'the password of this test',
      JWT_SECRET: 'a secret of this test only',
    };
    stage = await Stage.start('embedded', auth);
    const { body } = await stage.api.post<{ access_token: string }>('/auth/login', {
      user_name: 'admin',
      password: auth.ADMIN_PASSWORD,
    });
    api = stage.api.as(body.access_token);
  });

  afterAll(() => endAll(stage));

  it.each([
    ['http://127.0.0.1:8089/v1'],
    ['http://localhost:8089/v1'],
    ['http://192.168.1.1/v1'],
    ['http://[::1]/v1'],
    ['http://2130706433/v1'],
  ])('this machine is not reached: %s', async (baseUrl) => {
    const model = await addModel(api, { name: `m${Math.random().toString(36).slice(2)}`, baseUrl });
    const turn = await api.turn({ model_id: model, prompt: 'Hello' });

    expect(turn.terminal).toMatchObject({ type: 'error', code: 'provider_blocked' });
    expect((await api.task(turn.taskId)).status).toBe('FAILED');
  });

  it('answers nobody without a token', async () => {
    for (const [method, path] of [
      ['POST', '/direct-chat/stream'],
      ['GET', '/direct-chat/1/stream'],
      ['POST', '/direct-chat/1/cancel'],
      ['POST', '/direct-chat/1/stream'],
      ['GET', '/tasks'],
      ['GET', '/tasks/1'],
      ['GET', '/tasks/events'],
      ['GET', '/tasks/1/events'],
      ['POST', '/tasks'],
    ] as const) {
      const reply = await stage.api.call<ErrorBody>(method, path, method === 'POST' ? { prompt: 'x' } : undefined);
      expect([path, reply.status, reply.body.code]).toEqual([path, 401, 'unauthorized']);
    }
  });

  it('reads no body of an unknown caller, and little of a log-in', async () => {
    const json = { 'content-type': 'application/json' };
    const broken = await stage.api.raw<ErrorBody>('POST', '/direct-chat/stream', '{"prompt":', json);
    expect([broken.status, broken.body.code]).toEqual([401, 'unauthorized']);
    const password = 'x'.repeat(5_000);
    const login = await stage.api.call<ErrorBody>('POST', '/auth/login', { user_name: 'admin', password });
    expect([login.status, login.body.code]).toEqual([413, 'payload_too_large']);
  });

  it('describes itself to no stranger, and shows metrics to this machine only', async () => {
    for (const path of ['/docs', '/openapi.json']) expect((await stage.api.get(path)).status).toBe(404);
    expect((await stage.api.get('/metrics')).status).toBe(200);
    expect((await stage.api.get('/metrics', { 'x-forwarded-for': '127.0.0.1' })).status).toBe(401);
  });

  it('hides the tasks of others', async () => {
    const turn = await api.turn({
      model_id: await addModel(api, { name: 'mine', baseUrl: 'http://127.0.0.1:9' }),
      prompt: 'Hello',
    });
    await api.post('/users', { user_name: 'eve', password: 'the password of eve' });
    const login = await stage.api.post<{ access_token: string }>('/auth/login', {
      user_name: 'eve',
      password: 'the password of eve',
    });
    const eve = stage.api.as(login.body.access_token);
    for (const [method, path, body] of [
      ['GET', `/tasks/${turn.taskId}`, undefined],
      ['GET', `/tasks/${turn.taskId}/subtasks`, undefined],
      ['GET', `/tasks/${turn.taskId}/events`, undefined],
      ['GET', `/tasks/${turn.taskId}/diagnosis`, undefined],
      ['GET', `/direct-chat/${turn.taskId}/stream`, undefined],
      ['POST', `/direct-chat/${turn.taskId}/cancel`, {}],
      ['POST', `/direct-chat/${turn.taskId}/stream`, { prompt: 'x' }],
      ['POST', '/direct-chat/stream', { prompt: 'x', task_id: turn.taskId }],
      ['POST', `/tasks/${turn.taskId}`, { prompt: 'x', team_name: 'demo-team' }],
      ['PUT', `/tasks/${turn.taskId}`, { title: 'x' }],
      ['DELETE', `/tasks/${turn.taskId}`, undefined],
      ['POST', '/direct-chat/stream', { prompt: 'x', model_id: 'mine' }],
    ] as const) {
      const reply = await eve.call<ErrorBody>(method, path, body);
      expect([method, path, reply.status, reply.body.code]).toEqual([method, path, 404, 'not_found']);
    }
    expect((await eve.get<{ total: number }>('/tasks')).body.total).toBe(0);
    expect((await api.task(turn.taskId)).status).toBe('FAILED');
  });
});
