/** What one user may use up, and what happens when Redis has little memory left. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { generatedText } from '../../tools/simulator/simulator.js';
import type { Api, ErrorBody } from '../support/api.js';
import { endAll, eventually, temporaryDirectory } from '../support/child.js';
import { fold } from '../support/streams/sse.js';
import { script, Stage } from '../support/stages/stage.js';

describe('the quotas of a user', () => {
  const password = 'the password of this test';
  let stage: Stage;
  let admin: Api;

  const logIn = async (userName: string) => {
    const { body } = await stage.api.post<{ access_token: string }>('/auth/login', { user_name: userName, password });

    return stage.api.as(body.access_token);
  };
  const addUser = async (userName: string) => {
    await admin.post('/users', { user_name: userName, password });

    return logIn(userName);
  };

  beforeAll(async () => {
    stage = await Stage.start('embedded', {
      ...{ AUTH_MODE: 'jwt', ADMIN_PASSWORD: password, JWT_SECRET: 'a secret of this test only' },
      ...{ USER_REQUESTS_PER_SECOND: '1', USER_REQUEST_BURST: '50', USER_TASKS_PER_HOUR: '4', USER_STORED_MB: '1' },
      EGRESS_ALLOW: '127.0.0.1',
    });
    admin = await logIn('admin');
  });

  afterAll(() => endAll(stage));

  it('refuse requests beyond the rate, of that user only', async () => {
    const [busy, quiet] = [await addUser('busy'), await addUser('quiet')];
    const replies = await Promise.all(Array.from({ length: 80 }, () => busy.get<ErrorBody>('/users/me')));
    const refused = replies.filter(({ status }) => status !== 200);

    expect(refused.length).toBeGreaterThan(5);
    expect(refused[0]).toMatchObject({ status: 429, body: { code: 'too_many_requests' } });
    expect(Number(refused[0]?.headers['retry-after'])).toBeGreaterThan(0);
    expect((await quiet.get('/users/me')).status).toBe(200);
  });

  it('refuse new tasks beyond those of an hour, reserved ones included, but no new turns', async () => {
    const user = await addUser('creator');
    const reserved = await user.post<{ task_id: number }>('/tasks');
    expect(
      (await user.post(`/tasks/${reserved.body.task_id}`, { prompt: 'Hello', team_name: 'demo-team' })).status,
    ).toBe(201);
    const turns = [];
    for (let index = 0; index < 3; index += 1) turns.push(await user.turn({ prompt: script('tokens=1 rate=0') }));
    const refused = await user.post<ErrorBody>('/tasks');

    expect([refused.status, refused.body.code]).toEqual([429, 'too_many_new_tasks']);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    const next = await user.turn({ task_id: turns[0]?.taskId, prompt: script('tokens=2 rate=0', 'More') });
    expect(next.content).toBe(generatedText(2));
  });

  it('refuse turns of a user who stores too much, until tasks are deleted', async () => {
    const user = await addUser('collector');
    const { taskId } = await user.turn({ prompt: script('tokens=1 rate=0') });
    const prompt = () => script('tokens=1 rate=0', randomBytes(29_000).toString('hex'));
    // Each turn stores 58 KB, and what is stored is measured every ten seconds.
    const refused = await eventually('the quota is noticed', async () => {
      const reply = await user.post<ErrorBody>('/direct-chat/stream', { task_id: taskId, prompt: prompt() });

      return reply.status === 413 ? reply : false;
    });
    expect([refused.status, refused.body.code]).toEqual([413, 'storage_quota_exceeded']);
    expect(refused.body.message).toContain('DELETE /api/tasks/{id}');
    expect((await user.call('DELETE', `/tasks/${taskId}`)).status).toBe(200);
    await eventually('the deleted task does not count', async () => {
      const reply = await user.post('/tasks/create', { prompt: 'Hello', team_name: 'demo-team' });

      return reply.status === 201;
    });
  });
});

describe('an embedded Redis with little memory left', () => {
  let stage: Stage;
  let directory: ReturnType<typeof temporaryDirectory>;
  let redis: Redis;

  beforeAll(async () => {
    directory = temporaryDirectory('quotas');
    stage = await Stage.start('embedded', { DATA_DIR: directory.path, EMBEDDED_REDIS_MAX_MB: '32' });
    redis = new Redis(join(directory.path, 'redis', 'redis.sock'));
  });

  afterAll(async () => {
    redis.disconnect();
    await endAll(stage);
    await directory.remove();
  });

  const usedMb = async () => Number(/used_memory:(\d+)/.exec(await redis.info('memory'))?.[1]) / 1024 / 1024;

  it('starts no new answer, and finishes those that run', async () => {
    const running = await stage.api.ask(script('tokens=60 rate=30'));
    await running.untilCount(10);
    while ((await usedMb()) < 28) await redis.rpush('filler', Buffer.alloc(512 * 1024));
    const refused = await eventually('the lack of memory is noticed', async () => {
      const reply = await stage.api.post<ErrorBody>('/direct-chat/stream', { prompt: script('tokens=1 rate=0') });

      return reply.status === 200 ? false : reply;
    });
    expect([refused.status, refused.body.code]).toEqual([503, 'service_unavailable']);
    expect(refused.body.message).toContain('memory of Redis');
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    await running.untilClosed();
    expect(fold(running.events)).toMatchObject({ content: generatedText(60), terminal: { type: 'done' } });

    await redis.del('filler');
    await eventually('new answers are started again', async () => {
      const reply = await stage.api.post('/direct-chat/stream', { prompt: script('tokens=1 rate=0') });

      return reply.status === 200;
    });
  });
});
