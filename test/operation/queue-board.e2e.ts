import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Queue } from 'bullmq';
import { QUEUE_PREFIX } from '../../src/infra/redis/keys.js';
import { TASK_UPDATES } from '../../src/tasks/tasks.jobs.js';
import type { Api, ErrorBody } from '../support/api.js';
import { endAll, eventually } from '../support/child.js';
import { sharedStage } from '../support/stages/shared-stage.js';
import { script, Stage } from '../support/stages/stage.js';

interface BoardBody {
  queues: { name: string; counts: Record<string, number>; jobs: { id: string; data: unknown }[] }[];
}

const BOARD = '/admin/queues';

describe('the queue board', () => {
  let stage: Stage;
  let api: Api;

  beforeAll(async () => {
    stage = await sharedStage('distributed');
    api = stage.api;
  });

  afterAll(() => endAll(stage));

  it('is a page with what it needs, from this server only', async () => {
    const page = await api.get(BOARD);
    expect(page.status).toBe(200);
    expect(page.headers['content-type']).toContain('text/html');
    expect(page.headers['content-security-policy']).toContain("default-src 'self'");
    expect(page.headers['cache-control']).toBe('no-store');
    expect(page.text).toContain('<base href="/api/admin/queues/"');
    const scripts = [...page.text.matchAll(/src="(static\/[^"]+)"/g)].map(([, path]) => path);
    expect(scripts.length).toBeGreaterThan(0);
    for (const path of scripts) expect((await api.get(`${BOARD}/${path}`)).status).toBe(200);
  });

  it('shows every queue that there is, and what is in it', async () => {
    await api.turn({ prompt: script('tokens=3 rate=0') });
    const known = await stage.redis.use((client) => client.keys(`${QUEUE_PREFIX}:*:meta`));
    const names = known.map((key) => key.slice(QUEUE_PREFIX.length + 1, -':meta'.length));
    const { body } = await api.get<BoardBody>(`${BOARD}/api/queues?activeQueue=${TASK_UPDATES}&page=1`);

    expect(names.length).toBeGreaterThan(5);
    expect(body.queues.map(({ name }) => name)).toEqual(expect.arrayContaining(names));
    const updates = body.queues.find(({ name }) => name === TASK_UPDATES);
    expect(updates?.counts['completed']).toBeGreaterThan(0);
    expect(JSON.stringify(updates?.jobs.map(({ data }) => data))).toContain('"result":"(hidden)"');
  });

  it('repeats what has failed', async () => {
    const queue = new Queue(TASK_UPDATES, { connection: { url: stage.redis.url }, prefix: QUEUE_PREFIX });
    try {
      const job = await queue.add('updates', { updates: 'none' });
      await eventually('the job has failed', async () => (await job.getState()) === 'failed');
      const retry = await api.call('PUT', `${BOARD}/api/queues/${TASK_UPDATES}/${job.id}/retry`);
      expect(retry.status).toBe(204);
      await eventually('it was tried again', async () => {
        const again = await queue.getJob(String(job.id));

        return (again?.attemptsStarted ?? 0) > 1;
      });
    } finally {
      await queue.close();
    }
  });

  it('is for this machine only while nobody logs in', async () => {
    const rebound = await api.get<ErrorBody>(BOARD, { host: 'stranger.example' });
    expect([rebound.status, rebound.body.code]).toEqual([403, 'forbidden']);
    const foreign = { origin: 'https://stranger.example' };
    const pause = await api.call<ErrorBody>('PUT', `${BOARD}/api/queues/pause`, undefined, foreign);
    expect([pause.status, pause.body.code]).toEqual([403, 'forbidden']);
  });
});

describe('the queue board with AUTH_MODE=jwt', () => {
  const password = 'the password of this test: ä';
  let stage: Stage;
  let api: Api;
  const basic = (userName: string, secret = password) => ({
    authorization: `Basic ${Buffer.from(`${userName}:${secret}`).toString('base64')}`,
  });
  const log = async (userName: string) =>
    (await api.post<{ access_token: string }>('/auth/login', { user_name: userName, password })).body.access_token;
  const outcome = async (headers?: Record<string, string>, path = BOARD) => {
    const { status, body } = await api.get<ErrorBody | null>(path, headers);

    return [status, body?.code];
  };

  beforeAll(async () => {
    const auth = { AUTH_MODE: 'jwt', ADMIN_PASSWORD: password, JWT_SECRET: 'a secret of this test only' };
    stage = await Stage.start('embedded', auth);
    api = stage.api;
    const user = { user_name: 'somebody', password };
    expect((await api.as(await log('admin')).post('/users', user)).status).toBe(201);
  });

  afterAll(() => endAll(stage));

  it('asks a browser for name and password', async () => {
    const reply = await api.get<ErrorBody>(BOARD);
    expect([reply.status, reply.body.code]).toEqual([401, 'unauthorized']);
    expect(reply.headers['www-authenticate']).toContain('Basic realm=');
    for (const path of [`${BOARD}/api/queues`, `${BOARD}/static/favicon-32x32.png`])
      expect(await outcome(undefined, path)).toEqual([401, 'unauthorized']);
  });

  it('lets admins in, by password or token, and nobody else', async () => {
    expect(await outcome(basic('admin'))).toEqual([200, undefined]);
    expect(await outcome({ authorization: `Bearer ${await log('admin')}` })).toEqual([200, undefined]);
    expect(await outcome(basic('somebody'))).toEqual([403, 'forbidden']);
    expect(await outcome({ authorization: `Bearer ${await log('somebody')}` })).toEqual([403, 'forbidden']);
    expect(await outcome({ authorization: 'Basic ####' })).toEqual([401, 'unauthorized']);
    expect(await outcome({ authorization: `Basic ${Buffer.from('admin').toString('base64')}` })).toEqual([
      401,
      'unauthorized',
    ]);
  });

  it('lets no page of strangers change anything with the password that a browser keeps', async () => {
    const change = (origin: string) =>
      api.call<ErrorBody>('PUT', `${BOARD}/api/queues/resume`, undefined, { ...basic('admin'), origin });
    const foreign = await change('https://stranger.example');
    expect([foreign.status, foreign.body.code]).toEqual([403, 'forbidden']);
    expect((await change('null')).status).toBe(403);
    expect((await change(stage.server(0).url)).status).toBeLessThan(300);
  });

  it('slows down who guesses', async () => {
    for (let i = 0; i < 5; i += 1) expect(await outcome(basic('admin', `wrong ${i}`))).toEqual([401, 'unauthorized']);
    const refused = await api.get<ErrorBody>(BOARD, basic('admin', 'wrong again'));
    expect([refused.status, refused.body.code]).toEqual([429, 'too_many_logins']);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    // Who is in stays in.
    expect(await outcome(basic('admin'))).toEqual([200, undefined]);
  });
});
