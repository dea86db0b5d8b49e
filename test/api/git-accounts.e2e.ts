import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sql } from 'drizzle-orm';
import { UsersService } from '../../src/auth/users.service.js';
import { rowsOf } from '../../src/infra/database/database.js';
import { endAll } from '../support/child.js';
import { type FeatureApp, startFeatureApp } from '../support/feature-app.js';

interface Me {
  id: number;
  git_info: Record<string, string>[];
}

const TOKEN = 'ghp_a-token-of-this-test';
const GITHUB = { git_domain: 'github.com', git_token: TOKEN, type: 'github', user_name: 'ann', git_id: '12' };
const GITLAB = { git_domain: 'gitlab.example:8443', git_token: 'glpat-another-token' };

describe('git accounts', () => {
  let app: FeatureApp;

  beforeAll(async () => {
    app = await startFeatureApp({ modules: [] });
  });
  afterAll(() => endAll(app));

  const put = (git_info: object[]) => app.call<Me>('PUT /users/me', { body: { git_info } });
  const mine = async () => (await app.call<Me>('GET /users/me')).body;
  const forExecutor = async (domain: string) =>
    app.app.get(UsersService).forExecutor((await mine()).id, domain, app.db);

  it('are stored encrypted and shown with masked tokens', async () => {
    const { status, body } = await put([GITHUB, GITLAB]);
    const [row] = await rowsOf<{ git_info: string }>(app.db, sql`select git_info from users`);

    expect(status).toBe(200);
    expect(body.git_info).toEqual([
      { ...GITHUB, git_token: '***test' },
      { ...GITLAB, git_token: '***oken' },
    ]);
    expect(await mine()).toEqual(expect.objectContaining({ git_info: body.git_info }));
    expect(row?.git_info).toMatch(/^v1\./);
    expect(row?.git_info).not.toContain(TOKEN);
  });

  it('keep a token that comes back masked', async () => {
    await put([GITHUB, GITLAB]);
    await put([{ ...GITHUB, git_domain: 'GitHub.com', git_token: '***test', git_login: 'ann2' }]);

    expect((await forExecutor('github.com')).git).toEqual({ ...GITHUB, git_login: 'ann2' });
    expect((await forExecutor('gitlab.example:8443')).git).toBeNull();
    expect((await forExecutor('')).git).toBeNull();
  });

  it.each([
    ['git_info.0.git_token', [{ git_domain: 'new.example', git_token: '***abcd' }]],
    ['git_info.1.git_domain', [GITHUB, { ...GITHUB, git_domain: 'GITHUB.com' }]],
    ['git_info.0.git_domain', [{ ...GITHUB, git_domain: 'https://github.com' }]],
    ['git_info.0.git_token', [{ git_domain: 'github.com' }]],
  ])('refuse a wrong %s', async (field, git_info) => {
    const { status, body } = await app.fail('PUT /users/me', { body: { git_info } });

    expect([status, body.errors?.map((problem) => problem.field)]).toEqual([422, expect.arrayContaining([field])]);
  });

  it('are forgotten one by one', async () => {
    await put([GITHUB, GITLAB]);
    const first = await app.call<Me>('DELETE /users/me/git-token/GitHub.com');
    const again = await app.fail('DELETE /users/me/git-token/github.com');
    const last = await app.call<Me>(`DELETE /users/me/git-token/${encodeURIComponent('gitlab.example:8443')}`);

    expect([first.status, first.body.git_info.map(({ git_domain: domain }) => domain)]).toEqual([
      200,
      ['gitlab.example:8443'],
    ]);
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
