import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Api, ErrorBody } from '../support/api.js';
import { endAll, eventually } from '../support/child.js';
import { Stage } from '../support/stages/stage.js';
import { TaskEventStream } from '../support/streams/task-events.js';

const ADMIN = 'the admin password';
const BOARD = '/admin/queues';

describe('tokens of users, on two replicas', () => {
  let stage: Stage;
  let admin: Api;
  let users = 0;

  beforeAll(async () => {
    const auth = { AUTH_MODE: 'jwt', ADMIN_PASSWORD: ADMIN, JWT_SECRET: 'a secret of this test only' };
    stage = await Stage.start('distributed', auth, 2);
    admin = stage.api.as(await logIn('admin', ADMIN));
  });

  afterAll(() => endAll(stage));

  async function logIn(userName: string, password: string): Promise<string> {
    const { body } = await stage.api.post<{ access_token: string }>('/auth/login', { user_name: userName, password });

    return body.access_token;
  }

  /** Adds a user, and calls both replicas as the user. */
  async function addUser() {
    const name = `user-${(users += 1)}`;
    const password = `the password of ${name}`;
    const { body } = await admin.post<{ id: number }>('/users', { user_name: name, password });
    const token = await logIn(name, password);
    const [near, far] = [0, 1].map((index) => stage.server(index).api.as(token)) as [Api, Api];
    const statuses = async () => [(await near.get('/users/me')).status, (await far.get('/users/me')).status];
    expect(await statuses()).toEqual([200, 200]);

    return { id: body.id, name, password, token, near, far, statuses };
  }

  it.each([
    ['a new password of an admin', (id: number) => admin.call('PUT', `/users/${id}`, { password: 'another password' })],
    ['a deactivation', (id: number) => admin.call('PUT', `/users/${id}`, { is_active: false })],
  ])('end at once with %s', async (_case, change) => {
    const { id, statuses } = await addUser();
    expect((await change(id)).status).toBe(200);
    expect(await statuses()).toEqual([401, 401]);
    // A token from before stays ended when the account is active again.
    await admin.call('PUT', `/users/${id}`, { is_active: true });
    expect(await statuses()).toEqual([401, 401]);
  });

  it('end with a new password of the user, who has to know the old one', async () => {
    const { name, password, near, statuses } = await addUser();
    const change = (body: object) => near.call<ErrorBody>('PUT', '/users/me', body);
    const fresh = { password: 'a fresh password' };
    const refused = [
      await change(fresh),
      await change({ email: 'new@example.org' }),
      await change({ ...fresh, current_password: 'a guess' }),
    ];

    expect(refused.map(({ status, body }) => [status, body.code])).toEqual([
      [422, 'validation_failed'],
      [422, 'validation_failed'],
      [403, 'forbidden'],
    ]);
    expect((await change({ email: 'new@example.org', current_password: password })).status).toBe(200);
    expect((await change({ email: 'new@example.org' })).status).toBe(200);
    expect(await statuses()).toEqual([200, 200]);
    expect((await change({ ...fresh, current_password: password })).status).toBe(200);
    expect(await statuses()).toEqual([401, 401]);
    expect(
      (
        await stage
          .server(1)
          .api.as(await logIn(name, fresh.password))
          .get('/users/me')
      ).status,
    ).toBe(200);
  });

  it('end one by one with a log-out, together with one everywhere', async () => {
    const { name, password, near, far, statuses } = await addUser();
    const other = stage.server(1).api.as(await logIn(name, password));
    expect((await near.post('/auth/logout')).status).toBe(200);
    expect(await statuses()).toEqual([401, 401]);
    expect((await far.post('/auth/logout')).status).toBe(401);
    expect((await other.get('/users/me')).status).toBe(200);
    const third = stage.api.as(await logIn(name, password));
    expect((await third.post('/auth/logout-all')).status).toBe(200);
    expect((await other.get('/users/me')).status).toBe(401);
    expect((await third.get('/users/me')).status).toBe(401);
  });

  it('end open event streams, of that user only', async () => {
    const [leaving, staying] = [await addUser(), await addUser()];
    const open = (index: number, { token }: { token: string }) =>
      TaskEventStream.open(stage.server(index), null, undefined, { headers: { authorization: `Bearer ${token}` } });
    const streams = [await open(0, leaving), await open(1, leaving)];
    const other = await open(1, staying);
    await admin.call('PUT', `/users/${leaving.id}`, { is_active: false });
    await Promise.all(streams.map((stream) => stream.untilClosed()));

    expect(other.isOpen).toBe(true);
    other.close();
  });

  it('end the queue board of an admin who is none any more', async () => {
    const { id, name, password } = await addUser();
    await admin.call('PUT', `/users/${id}`, { role: 'admin' });
    const basic = { authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}` };
    expect((await stage.api.get(BOARD, basic)).status).toBe(200);
    await admin.call('PUT', `/users/${id}`, { role: 'user' });
    expect((await stage.api.get(BOARD, basic)).status).toBe(403);
    await admin.call('PUT', `/users/${id}`, { is_active: false });
    expect((await stage.api.get(BOARD, basic)).status).toBe(401);
  });
});

describe('an open event stream', () => {
  let stage: Stage;

  beforeAll(async () => {
    const auth = { AUTH_MODE: 'jwt', ADMIN_PASSWORD: ADMIN, ACCESS_TOKEN_TTL_SECONDS: '2' };
    stage = await Stage.start('embedded', auth);
  });

  afterAll(() => endAll(stage));

  async function logIn(user_name: string, password: string): Promise<string> {
    return (await stage.api.post<{ access_token: string }>('/auth/login', { user_name, password })).body.access_token;
  }

  it('outlives the token that opened it, and ends with the session', async () => {
    const admin = async () => stage.api.as(await logIn('admin', ADMIN));
    const password = 'the password of ann';
    const { id } = (await (await admin()).post<{ id: number }>('/users', { user_name: 'ann', password })).body;
    const token = await logIn('ann', password);
    const authorization = { headers: { authorization: `Bearer ${token}` } };
    const stream = await TaskEventStream.open(stage.server(0), null, undefined, authorization);
    const ann = stage.api.as(token);
    await eventually('the token has expired', async () => (await ann.get('/users/me')).status === 401);
    // A change of the account makes the server check what is open.
    await (await admin()).call('PUT', `/users/${id}`, { email: 'ann@example.org' });
    await (await admin()).get('/users');
    expect(stream.isOpen).toBe(true);
    await (await admin()).call('PUT', `/users/${id}`, { is_active: false });
    await stream.untilClosed();
  });
});
