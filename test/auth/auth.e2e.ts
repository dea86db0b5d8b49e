import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { endAll } from '../support/child.js';
import { type FeatureApp, startFeatureApp } from '../support/stages/feature-app.js';

const ADMIN = 'the admin password';

describe('with AUTH_MODE=jwt', () => {
  let app: FeatureApp;
  let admin: string;

  beforeAll(async () => {
    app = await startFeatureApp({ modules: [], environment: { AUTH_MODE: 'jwt', ADMIN_PASSWORD: ADMIN } });
    admin = await app.token('admin', ADMIN);
  });
  afterAll(() => endAll(app));

  it('logs in with a bearer token of 15 minutes', async () => {
    const { status, body } = await app.call<{ access_token: string; token_type: string }>('POST /auth/login', {
      body: { user_name: 'admin', password: ADMIN },
    });
    const claims = JSON.parse(Buffer.from(body.access_token.split('.')[1] ?? '', 'base64url').toString()) as Record<
      string,
      number
    >;

    expect(status).toBe(200);
    expect(body.token_type).toBe('bearer');
    expect(claims).toMatchObject({ sub: 'admin', exp: (claims.iat ?? 0) + 15 * 60 });
  });

  it.each([
    ['a wrong password', 'admin', 'not the password'],
    ['an unknown user', 'nobody', ADMIN],
  ])('refuses %s in the same words', async (_case, user_name, password) => {
    const { status, body } = await app.fail('POST /auth/login', { body: { user_name, password } });

    expect(status).toBe(401);
    expect(body).toMatchObject({ statusCode: 401, code: 'unauthorized', message: 'Invalid user name or password' });
    expect(body.detail).toBe(body.message);
    expect(body.request_id).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('stops guessing after five failures, for that user only, even when they come all at once', async () => {
    const guess = () => app.fail('POST /auth/login', { body: { user_name: 'victim', password: 'guess' } });
    const replies = await Promise.all(Array.from({ length: 8 }, guess));
    const statuses = replies.map(({ status }) => status).sort();
    const refused = replies.find(({ status }) => status === 429);

    expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429, 429]);
    expect(refused?.body.code).toBe('too_many_logins');
    expect(Number(refused?.headers['retry-after'])).toBeGreaterThan(0);
    await expect(app.token('admin', ADMIN)).resolves.toEqual(expect.any(String));
  });

  it.each([
    ['no token', undefined],
    ['garbage', 'abc.def.ghi'],
    // HS256 of {"sub":"admin"} with another secret, and alg none
    ['a foreign signature', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZG1pbiJ9.Jx5FP0QmDqTn5nlZQ3XYvvCJSLEZJzYq2bdFxQyqoJw'],
    ['no signature', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.'],
  ])('refuses %s', async (_case, token) => {
    const { status, body } = await app.fail('GET /users/me', token === undefined ? {} : { token });

    expect([status, body.code]).toEqual([401, 'unauthorized']);
  });

  it('shows the caller in the shape of Wegent', async () => {
    const { body } = await app.call('GET /users/me', { token: admin });

    expect(body).toEqual({
      id: expect.any(Number),
      user_name: 'admin',
      email: null,
      is_active: true,
      git_info: [],
      role: 'admin',
      created_at: expect.stringMatching(/^\d{4}-.*Z$/),
      updated_at: expect.stringMatching(/Z$/),
    });
    expect(JSON.stringify(body)).not.toContain('argon2');
  });

  it('lets admins add users, once per name', async () => {
    const body = { user_name: 'ann', password: 'ann password', email: 'ann@example.org' };
    const first = await app.call('POST /users', { token: admin, body });
    const second = await app.fail('POST /users', { token: admin, body });

    expect(first.status).toBe(201);
    expect(first.body).toMatchObject({ user_name: 'ann', email: 'ann@example.org', role: 'user', is_active: true });
    expect([second.status, second.body.code]).toEqual([409, 'conflict']);
  });

  it('keeps ordinary users out of administration', async () => {
    const ben = await app.addUser(admin, 'ben');
    const calls = ['GET /users', 'POST /users', 'PUT /users/1'];
    const replies = await Promise.all(
      calls.map((call) => app.fail(call, { token: ben, ...(call.startsWith('GET') ? {} : { body: {} }) })),
    );

    expect(replies.map(({ status, body }) => [status, body.code])).toEqual(Array(3).fill([403, 'forbidden']));
  });

  it('shuts out a deactivated user at once, and lets the password be changed', async () => {
    const cat = await app.addUser(admin, 'cat');
    const me = await app.call<{ id: number }>('GET /users/me', { token: cat });
    const changed = await app.call('PUT /users/me', {
      token: cat,
      body: { password: 'another password', email: 'c@d', current_password: 'password of cat' },
    });
    const oldLogin = await app.fail('POST /auth/login', { body: { user_name: 'cat', password: 'password of cat' } });
    const newToken = await app.token('cat', 'another password');
    await app.call(`PUT /users/${me.body.id}`, { token: admin, body: { is_active: false } });
    const afterwards = await app.fail('GET /users/me', { token: newToken });

    expect(changed.body).toMatchObject({ email: 'c@d' });
    expect(oldLogin.status).toBe(401);
    expect(newToken).toEqual(expect.any(String));
    expect(afterwards.status).toBe(401);
  });

  it('does not let admins lock themselves out', async () => {
    const me = await app.call<{ id: number }>('GET /users/me', { token: admin });
    const { status } = await app.fail(`PUT /users/${me.body.id}`, { token: admin, body: { is_active: false } });

    expect(status).toBe(409);
  });

  it('pages users', async () => {
    const { body } = await app.call<{ total: number; items: unknown[] }>('GET /users?page=2&limit=1', { token: admin });

    expect(body.items).toHaveLength(1);
    expect(body.total).toBeGreaterThan(1);
  });

  it.each([
    ['role', { role: 'root' }],
    ['password', { password: 'short' }],
    ['user_name', { user_name: 'not a name' }],
    ['email', { email: 'x' }],
    ['user_name', { user_name: null }],
    ['email', { email: 'a\u0000@b' }],
    ['password', { password: '\ud800 half a pair' }],
  ])('refuses a wrong %s', async (field, change) => {
    const body = { user_name: 'dan', password: 'long enough', ...change };
    const reply = await app.fail('POST /users', { token: admin, body });

    expect([reply.status, reply.body.code]).toEqual([422, 'validation_failed']);
    expect(reply.body.errors?.map((problem) => problem.field)).toContain(field);
  });

  it('does not know ids that cannot be', async () => {
    const ids = ['abc', '0', '-1', '1.5', '2147483648', '99999999999999999999', '1e3', '%20'];
    const replies = await Promise.all(ids.map((id) => app.fail(`PUT /users/${id}`, { token: admin, body: {} })));

    expect(replies.map(({ status }) => status)).toEqual(ids.map(() => 404));
  });

  it('refuses NUL in a path', async () => {
    const { status } = await app.fail('PUT /users/%00', { token: admin, body: {} });

    expect(status).toBe(422);
  });

  it('lets a user who is known at an address in, although many names are tried from there', async () => {
    const spray = (index: number) =>
      app.fail('POST /auth/login', { body: { user_name: `sprayed ${index}`, password: 'guess' } });
    const statuses = [];
    for (let index = 0; index < 25; index += 1) statuses.push((await spray(index)).status);

    expect(statuses.at(-1)).toBe(429);
    await expect(app.token('admin', ADMIN)).resolves.toEqual(expect.any(String));
  });
});

describe.each([
  ['1', true],
  ['127.0.0.1, 10.0.0.0/8', true],
  ['192.0.2.1', false],
  ['off', false],
])('behind a proxy, with TRUST_PROXY=%s', (TRUST_PROXY, counts) => {
  let app: FeatureApp;

  beforeAll(async () => {
    app = await startFeatureApp({ modules: [], environment: { AUTH_MODE: 'jwt', TRUST_PROXY } });
  });
  afterAll(() => endAll(app));

  it(counts ? 'delays the client that guesses, not others' : 'does not believe what a client says', async () => {
    const guess = (address: string) =>
      app.fail('POST /auth/login', {
        body: { user_name: 'victim', password: 'guess' },
        headers: { 'x-forwarded-for': `192.0.2.99, ${address}` },
      });
    for (let index = 0; index < 5; index += 1) await guess('198.51.100.1');

    expect((await guess('198.51.100.1')).status).toBe(429);
    expect((await guess('198.51.100.2')).status).toBe(counts ? 401 : 429);
  });
});

describe('with AUTH_MODE=off', () => {
  let app: FeatureApp;

  beforeAll(async () => {
    app = await startFeatureApp({ modules: [] });
  });
  afterAll(() => endAll(app));

  it('makes everybody the local admin', async () => {
    const { body } = await app.call('GET /users/me');

    expect(body).toMatchObject({ user_name: 'local', role: 'admin' });
  });

  it.each(['localhost:8000', '[::1]:8000', '127.0.0.1', '127.8.8.8:1', 'LOCALHOST'])(
    'answers to the host %s',
    async (host) => {
      const { status } = await app.call('GET /users/me', { headers: { host } });

      expect(status).toBe(200);
    },
  );

  it.each([
    'evil.example',
    'localhost.evil.example:8000',
    '192.168.0.7:8000',
    '127.0.0.1.evil.example',
    '127.0.0.1@evil',
  ])('refuses the host "%s" (DNS rebinding)', async (host) => {
    const { status, body } = await app.fail('GET /users/me', { headers: { host } });

    expect([status, body.code]).toEqual([403, 'forbidden']);
    expect(body.message).toContain('DNS rebinding');
  });

  it.each([
    [200, 'http://localhost:3000'],
    [200, 'http://[::1]'],
    [403, 'https://evil.example'],
    [403, 'null'],
    [403, 'http://127.0.0.1.evil.example'],
  ])('answers %i to the origin %s', async (expected, origin) => {
    const { status } = await app.fail('GET /users/me', { headers: { origin } });

    expect(status).toBe(expected);
  });

  it('refuses foreign hosts for public routes too', async () => {
    const { status } = await app.fail('POST /auth/login', { headers: { host: 'evil.example' }, body: {} });

    expect(status).toBe(403);
  });
});
