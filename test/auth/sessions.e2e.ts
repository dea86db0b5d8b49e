import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sql } from 'drizzle-orm';
import { setTimeout as sleep } from 'node:timers/promises';
import { endAll } from '../support/child.js';
import { type ErrorReply, type FeatureApp, type Reply, startFeatureApp } from '../support/stages/feature-app.js';

const ADMIN = 'the admin password';

interface Tokens {
  access_token: string;
  token_type: string;
  expires_in: number;
  refresh_token?: string;
}

/** The value of the cookie that a reply sets; empty when it clears it. */
function cookieOf({ headers }: Reply<unknown>): string | undefined {
  return /^conch_refresh=([^;]*)/.exec(String(headers['set-cookie']))?.[1];
}

describe('sessions', () => {
  let app: FeatureApp;
  let admin: string;
  let users = 0;

  beforeAll(async () => {
    app = await startFeatureApp({
      modules: [],
      environment: { AUTH_MODE: 'jwt', ADMIN_PASSWORD: ADMIN, TRUST_PROXY: '1' },
    });
    admin = await app.token('admin', ADMIN);
  });
  afterAll(() => endAll(app));

  const logIn = (user_name: string, password: string, headers: Record<string, string> = {}, refresh?: string) =>
    app.call<Tokens>('POST /auth/login', { body: { user_name, password, ...(refresh && { refresh }) }, headers });
  const byCookie = (cookie: string | undefined, headers: Record<string, string> = {}) =>
    app.call<Tokens & ErrorReply>('POST /auth/refresh', {
      headers: { cookie: `a=b; conch_refresh=${cookie}`, ...headers },
    });
  const byBody = (refresh_token: string | undefined) =>
    app.call<Tokens & ErrorReply>('POST /auth/refresh', { body: { refresh_token } });
  const isIn = async (token: string) => (await app.call('GET /users/me', { token })).status === 200;

  async function addUser() {
    const name = `user-${(users += 1)}`;
    const password = `password of ${name}`;
    const { body } = await app.call<{ id: number }>('POST /users', {
      token: admin,
      body: { user_name: name, password },
    });

    return { id: body.id, name, password };
  }

  /** A user with a session in a browser. */
  async function browser() {
    const user = await addUser();
    const reply = await logIn(user.name, user.password);

    return { ...user, reply, token: reply.body.access_token, cookie: cookieOf(reply) };
  }

  /** A user with a session of a program. */
  async function program() {
    const user = await addUser();
    const { body } = await logIn(user.name, user.password, {}, 'body');

    return { ...user, token: body.access_token, refresh: body.refresh_token };
  }

  /** The replacement of refresh tokens is longer ago than two tabs would be apart. */
  const passGrace = () =>
    app.db.execute(sql`update refresh_families set rotated_at = rotated_at - interval '11 seconds'`);

  it('give browsers a cookie for the calls of sessions only', async () => {
    const { reply } = await browser();
    expect(reply.body).toEqual({ access_token: expect.any(String), token_type: 'bearer', expires_in: 900 });
    const attributes = 'Max-Age=2592000; Path=/api/auth; HttpOnly; SameSite=Strict';
    expect(String(reply.headers['set-cookie'])).toMatch(new RegExp(`^conch_refresh=[\\w.-]+; ${attributes}$`));
  });

  it('give programs a token in the reply, and no cookie', async () => {
    const { name, password } = await addUser();
    const { body, headers } = await logIn(name, password, {}, 'body');
    expect(body.refresh_token).toEqual(expect.any(String));
    expect(headers).not.toHaveProperty('set-cookie');
    const next = await byBody(body.refresh_token);
    expect(next.status).toBe(200);
    expect(next.body.refresh_token).not.toBe(body.refresh_token);
    expect(next.headers).not.toHaveProperty('set-cookie');
    expect(await isIn(next.body.access_token)).toBe(true);
  });

  it.each([
    ['https', true],
    ['http', false],
  ])('mark the cookie as secure when the proxy received %s', async (protocol, isSecure) => {
    const { name, password } = await addUser();
    const forwarded = { 'x-forwarded-for': '192.0.2.1', 'x-forwarded-proto': protocol };
    const reply = await logIn(name, password, forwarded);
    expect(String(reply.headers['set-cookie']).endsWith('; Secure')).toBe(isSecure);
    expect(String((await byCookie(cookieOf(reply), forwarded)).headers['set-cookie']).endsWith('; Secure')).toBe(
      isSecure,
    );
  });

  it('go on as often as they are refreshed', async () => {
    let { cookie } = await browser();
    for (let count = 0; count < 4; count += 1) {
      const reply = await byCookie(cookie);
      expect(reply.status).toBe(200);
      expect(reply.body).not.toHaveProperty('refresh_token');
      expect(await isIn(reply.body.access_token)).toBe(true);
      expect(cookieOf(reply)).not.toBe(cookie);
      cookie = cookieOf(reply);
      await passGrace();
    }
  });

  it('go on when tabs refresh at the same time', async () => {
    const { cookie } = await browser();
    const replies = await Promise.all(Array.from({ length: 5 }, () => byCookie(cookie)));
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    await passGrace();
    for (const reply of replies) expect(await isIn(reply.body.access_token)).toBe(true);
    expect((await byCookie(cookieOf(replies[4] as Reply<Tokens>))).status).toBe(200);
  });

  it('end for all when a replaced token comes again', async () => {
    const { cookie, token } = await browser();
    const next = await byCookie(cookie);
    await passGrace();
    const stolen = await byCookie(cookie);
    expect([stolen.status, stolen.body.code, cookieOf(stolen)]).toEqual([401, 'unauthorized', '']);
    expect((await byCookie(cookieOf(next))).status).toBe(401);
    expect(await isIn(token)).toBe(false);
    expect(await isIn(next.body.access_token)).toBe(false);
  });

  it('end when a token of two generations ago comes, however soon', async () => {
    const { refresh } = await program();
    const second = await byBody(refresh);
    const third = await byBody(second.body.refresh_token);
    expect((await byBody(refresh)).status).toBe(401);
    expect((await byBody(third.body.refresh_token)).status).toBe(401);
  });

  it('end alone with a log-out, by token and by cookie', async () => {
    const { name, password, token, cookie } = await browser();
    const other = await logIn(name, password);
    const again = await byCookie(cookie);
    const out = await app.call('POST /auth/logout', { token });
    expect([out.status, cookieOf(out)]).toEqual([200, '']);
    expect((await byCookie(cookieOf(again))).status).toBe(401);
    expect([await isIn(token), await isIn(again.body.access_token)]).toEqual([false, false]);
    expect(await isIn(other.body.access_token)).toBe(true);
    const byCookieOnly = await app.call('POST /auth/logout', {
      headers: { cookie: `conch_refresh=${cookieOf(other)}` },
    });
    expect([byCookieOnly.status, cookieOf(byCookieOnly)]).toEqual([200, '']);
    expect(await isIn(other.body.access_token)).toBe(false);
    expect((await byCookie(cookieOf(other))).status).toBe(401);
  });

  it('end when a refresh is on its way', async () => {
    const { token, cookie } = await browser();
    const [out, refreshed] = await Promise.all([app.call('POST /auth/logout', { token }), byCookie(cookie)]);
    expect(out.status).toBe(200);
    if (refreshed.status === 200) expect(await isIn(refreshed.body.access_token)).toBe(false);
    expect((await byCookie(cookieOf(refreshed) || cookie)).status).toBe(401);
  });

  it('end all with a log-out everywhere', async () => {
    const { name, password, token, cookie } = await browser();
    const other = await logIn(name, password);
    const out = await app.call('POST /auth/logout-all', { token });
    expect([out.status, cookieOf(out)]).toEqual([200, '']);
    for (const each of [cookie, cookieOf(other)]) expect((await byCookie(each)).status).toBe(401);
  });

  it.each([
    ['a new password', { password: 'another password' }],
    ['a deactivation', { is_active: false }],
  ])('end all with %s, for good', async (_case, change) => {
    const { id, cookie } = await browser();
    await app.call(`PUT /users/${id}`, { token: admin, body: change });
    expect((await byCookie(cookie)).status).toBe(401);
    await app.call(`PUT /users/${id}`, { token: admin, body: { is_active: true } });
    expect((await byCookie(cookie)).status).toBe(401);
  });

  it('are no authorization by themselves: a cookie alone calls nothing', async () => {
    const { cookie } = await browser();
    const headers = { cookie: `conch_refresh=${cookie}` };
    for (const call of ['GET /users/me', 'PUT /users/me', 'POST /auth/logout-all', 'GET /users']) {
      const { status, body } = await app.fail(call, { headers, ...(call.startsWith('PUT') && { body: {} }) });
      expect([call, status, body.code]).toEqual([call, 401, 'unauthorized']);
    }
    expect((await byCookie(cookie)).status).toBe(200);
  });

  it('take no token for the other kind', async () => {
    const { token, refresh } = await program();
    expect(await isIn(refresh ?? '')).toBe(false);
    expect((await byBody(token)).status).toBe(401);
    expect((await byCookie(token)).status).toBe(401);
  });

  it.each<Record<string, string>>([
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site', origin: 'https://other.example' },
  ])('are neither refreshed nor ended by pages of other sites: %j', async (headers) => {
    const { cookie, token } = await browser();
    const refused = [
      await byCookie(cookie, headers),
      await app.fail('POST /auth/logout', { headers: { cookie: `conch_refresh=${cookie}`, ...headers } }),
    ];
    for (const { status, body, headers: sent } of refused) {
      expect([status, body.code]).toEqual([403, 'forbidden']);
      expect(sent).not.toHaveProperty('set-cookie');
    }
    expect(await isIn(token)).toBe(true);
    expect((await byCookie(cookie, { 'sec-fetch-site': 'same-origin', origin: 'https://x.example' })).status).toBe(200);
  });

  it('need a token to be refreshed or ended', async () => {
    const replies = [
      await app.fail('POST /auth/refresh'),
      await app.fail('POST /auth/refresh', { body: {} }),
      await app.fail('POST /auth/logout'),
      await byCookie('abc.def.ghi'),
      await byCookie('%00'),
      await byCookie('x'.repeat(8_000)),
      await byBody('abc.def.ghi'),
    ];
    for (const { status, body } of replies) expect([status, body.code]).toEqual([401, 'unauthorized']);
    expect((await app.fail('POST /auth/refresh', { body: { refresh_token: 5 } })).status).toBe(422);
    expect((await app.fail('POST /auth/refresh', { body: { refresh_token: 'x'.repeat(5_000) } })).status).toBe(413);
    expect((await app.fail('POST /auth/login', { body: { user_name: 'x', password: 'y', refresh: 'z' } })).status).toBe(
      422,
    );
  });

  it('are at most 100 for a user: of those that were never refreshed the oldest ends', async () => {
    const { id, name, password, refresh } = await program();
    const used = await byBody(refresh);
    await app.db.execute(sql`insert into refresh_families (id, user_id, rotated_at)
      select gen_random_uuid(), ${id}, now() + interval '1 hour' from generate_series(1, 150)`);
    await app.db.execute(sql`insert into refresh_families (id, user_id, rotated_at)
      values (gen_random_uuid(), ${id}, now() - interval '31 days')`);
    await logIn(name, password);
    const rows = await app.db.execute(sql`select count(*)::int as count from refresh_families where user_id = ${id}`);
    expect((rows as { rows: unknown[] }).rows).toEqual([{ count: 100 }]);
    expect((await byBody(used.body.refresh_token)).status).toBe(200);
  });
});

describe('with tokens of one second', () => {
  let app: FeatureApp;

  beforeAll(async () => {
    const environment = { AUTH_MODE: 'jwt', ADMIN_PASSWORD: ADMIN, ACCESS_TOKEN_TTL_SECONDS: '1' };
    app = await startFeatureApp({ modules: [], environment });
  });
  afterAll(() => endAll(app));

  it('a session goes on after its access token has expired, and ends by its cookie', async () => {
    const reply = await app.call<Tokens>('POST /auth/login', { body: { user_name: 'admin', password: ADMIN } });
    const token = reply.body.access_token;
    expect(reply.body.expires_in).toBe(1);
    const isIn = async () => (await app.call('GET /users/me', { token })).status === 200;
    while (await isIn()) await sleep(100);
    const cookie = `conch_refresh=${cookieOf(reply)}`;
    const next = await app.call<Tokens>('POST /auth/refresh', { headers: { cookie } });
    expect(next.status).toBe(200);
    const out = { token, headers: { cookie: `conch_refresh=${cookieOf(next)}` } };
    expect((await app.call('POST /auth/logout', out)).status).toBe(200);
    expect((await app.call('POST /auth/refresh', out)).status).toBe(401);
  });
});
