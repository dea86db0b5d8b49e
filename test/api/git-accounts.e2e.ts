import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { sql } from 'drizzle-orm';
import { UsersService } from '../../src/auth/users/users.service.js';
import { rowsOf } from '../../src/infra/database/database.js';
import { GitModule } from '../../src/git/git.module.js';
import { endAll } from '../support/child.js';
import { type FeatureApp, startFeatureApp } from '../support/stages/feature-app.js';
import { GitServer } from '../support/git-server.js';

interface Me {
  id: number;
  git_info: Record<string, string>[];
}

const TOKEN = 'ghp_a-token-of-this-test';

describe('git accounts', () => {
  let app: FeatureApp;
  let git: GitServer;
  let other: GitServer;
  let GITHUB: Record<string, string>;
  let GITLAB: Record<string, string>;

  beforeAll(async () => {
    [git, other] = await Promise.all([GitServer.start(), GitServer.start()]);
    GITHUB = { git_domain: git.domain, git_token: TOKEN, type: 'github', user_name: 'ann' };
    GITLAB = { git_domain: other.domain, git_token: 'glpat-another-token', type: 'gitlab' };
    app = await startFeatureApp({ modules: [GitModule], environment: { GIT_HTTP_HOSTS: '127.0.0.1' } });
  });
  beforeEach(async () => {
    for (const server of [git, other]) {
      server.tokens.clear();
      server.tokens.add(TOKEN).add('glpat-another-token').add('ghp_the-next-token');
      server.next.length = 0;
      server.requests.length = 0;
      await app.call(`DELETE /users/me/git-token/${server.domain}`);
    }
  });
  afterAll(async () => {
    await endAll(app);
    await Promise.all([git.stop(), other.stop()]);
  });

  const put = (git_info: object[]) => app.call<Me>('PUT /users/me', { body: { git_info } });
  const mine = async () => (await app.call<Me>('GET /users/me')).body;
  const forExecutor = async (domain: string) =>
    app.app.get(UsersService).forExecutor((await mine()).id, domain, app.db);

  it('are stored encrypted, shown with masked tokens, and known by what their servers say', async () => {
    const { status, body } = await put([GITHUB, GITLAB]);
    const [row] = await rowsOf<{ git_info: string }>(app.db, sql`select git_info from users`);
    const email = '12+ann@users.noreply.127.0.0.1';

    expect(status).toBe(200);
    expect(body.git_info).toEqual([
      { ...GITHUB, git_token: '***test', git_id: '12', git_login: 'ann', git_email: email },
      { ...GITLAB, git_token: '***oken', git_id: '34', git_login: 'ann.lab', git_email: 'commits@lab.example' },
    ]);
    expect(await mine()).toEqual(expect.objectContaining({ git_info: body.git_info }));
    expect(row?.git_info).toMatch(/^v1\./);
    expect(row?.git_info).not.toContain(TOKEN);
    expect((await forExecutor(git.domain)).git).toMatchObject({ git_token: TOKEN, git_login: 'ann', git_email: email });
  });

  it('are saved one by one: the others stay, also when two are saved at the same time', async () => {
    await Promise.all([put([GITHUB]), put([GITLAB])]);
    await put([{ ...GITHUB, git_token: 'ghp_the-next-token' }]);
    await put([]);
    const { git_info: accounts } = await mine();

    expect(accounts.map(({ git_token: token }) => token).sort()).toEqual(['***oken', '***oken']);
    expect((await forExecutor(git.domain)).git).toMatchObject({ git_token: 'ghp_the-next-token' });
  });

  it('keep a token that comes back masked, without asking its server, and whom it belongs to', async () => {
    await put([GITHUB, GITLAB]);
    git.requests.length = 0;
    const changed = { ...GITHUB, git_token: '***test', git_login: 'eve', git_email: 'me@example.org', type: 'gitlab' };
    await put([changed]);

    expect((await forExecutor(git.domain)).git).toEqual({
      ...GITHUB,
      ...{ git_id: '12', git_login: 'ann', git_email: 'me@example.org' },
    });
    expect((await forExecutor('')).git).toBeNull();
    expect(git.requests).toEqual([]);
  });

  it.each<[string, () => object[], RegExp]>([
    ['git_info.0.git_token', () => [{ git_domain: 'new.example', git_token: '***abcd' }], /masked/],
    ['git_info.1.git_domain', () => [GITHUB, GITHUB], /twice/],
    ['git_info.0.git_domain', () => [{ ...GITHUB, git_domain: 'https://github.com' }], /host name/],
    ['git_info.0.git_token', () => [{ git_domain: 'github.com' }], /git_token/],
    ['git_info.0.git_token', () => [{ ...GITHUB, git_token: 'wrong' }], /wrong, expired or revoked/],
    ['git_info.0.git_token', () => [{ ...GITHUB, git_token: 'two words' }], /copy it again/],
    ['git_info.0.type', () => [{ ...GITHUB, type: 'bitbucket' }], /github, gitlab, gitea/],
    ['git_info.0.type', () => [{ git_domain: 'git.example', git_token: 'x' }], /github, gitlab, gitea/],
  ])('refuse a wrong %s', async (field, accounts, reason) => {
    const { status, body } = await app.fail('PUT /users/me', { body: { git_info: accounts() } });

    expect([status, body.errors?.map((problem) => problem.field)]).toEqual([422, expect.arrayContaining([field])]);
    expect(body.message).toMatch(reason);
    expect(JSON.stringify(body)).not.toContain(TOKEN);
    expect((await mine()).git_info).toEqual([]);
  });

  it('are not stored while their server cannot be asked', async () => {
    git.next.push({ status: 503, body: 'down' });
    const down = await app.fail('PUT /users/me', { body: { git_info: [GITLAB, GITHUB] } });
    git.next.push({ status: 200, body: { hello: 'no API of GitHub' } });
    const other = await app.fail('PUT /users/me', { body: { git_info: [GITHUB] } });

    expect([down.status, down.body.code, down.body.message]).toEqual([
      ...[502, 'provider_unavailable', expect.stringContaining('was not stored')],
    ]);
    expect([other.status, other.body.errors?.[0]?.field]).toEqual([422, 'git_info.0.git_domain']);
    expect((await mine()).git_info).toEqual([]);
  });

  it('are forgotten one by one', async () => {
    await put([GITHUB, GITLAB]);
    const first = await app.call<Me>(`DELETE /users/me/git-token/${git.domain}`);
    const again = await app.fail(`DELETE /users/me/git-token/${git.domain}`);
    const last = await app.call<Me>(`DELETE /users/me/git-token/${encodeURIComponent(other.domain)}`);

    expect([first.status, first.body.git_info.map(({ git_domain: domain }) => domain)]).toEqual([200, [other.domain]]);
    expect([again.status, again.body.code]).toEqual([404, 'not_found']);
    expect(last.body.git_info).toEqual([]);
  });

  it('are changed by their user only, and not shown in lists', async () => {
    await put([GITHUB]);
    const { body } = await app.call<{ items: Me[] }>('GET /users');
    const { id } = await mine();
    const { status } = await app.fail(`PUT /users/${id}`, { body: { git_info: [GITHUB] } });

    expect(body.items.map((user) => user.git_info)).toEqual([[]]);
    expect(status).toBe(422);
  });
});
