import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { GitModule } from '../../src/git/git.module.js';
import { endAll } from '../support/child.js';
import { type FeatureApp, startFeatureApp } from '../support/stages/feature-app.js';
import { GitServer } from '../support/git-server.js';

interface Repository {
  git_repo_id: number;
  git_repo: string;
  git_domain: string;
  [field: string]: unknown;
}

const TOKEN = 'a-token-of-this-test';
const KINDS = [['github'], ['gitlab'], ['gitea']] as const;

describe('git servers of users', () => {
  let app: FeatureApp;
  let git: GitServer;

  beforeAll(async () => {
    git = await GitServer.start();
    app = await startFeatureApp({ modules: [GitModule], environment: { GIT_HTTP_HOSTS: '127.0.0.1' } });
  });
  beforeEach(async () => {
    git.tokens.clear();
    git.tokens.add(TOKEN);
    git.repositories = Array.from({ length: 120 }, (_, index) => ({ id: index + 1, path: `team/repo-${index + 1}` }));
    git.requests.length = 0;
    git.next.length = 0;
    const { body } = await app.call<{ git_info: { git_domain: string }[] }>('GET /users/me');
    for (const { git_domain: domain } of body.git_info) await app.call(`DELETE /users/me/git-token/${domain}`);
  });
  afterAll(async () => {
    await endAll(app);
    await git.stop();
  });

  const save = (type: string, token = TOKEN) =>
    app.call('PUT /users/me', { body: { git_info: [{ git_domain: git.domain, git_token: token, type }] } });
  const repositories = (query = '') => app.call<Repository[]>(`GET /git/repositories${query}`);
  const search = (query: string) => app.call<Repository[]>(`GET /git/repositories/search?${query}`);

  describe.each(KINDS)('of the kind %s', (type) => {
    it('list repositories page by page, in the shape of Wegent', async () => {
      await save(type);
      git.repositories[0] = { id: 7, path: 'team/docs', isPrivate: true };
      const first = await repositories('?limit=50');
      const last = await repositories('?page=3&limit=50');

      expect(first.body[0]).toEqual({
        ...{ git_repo_id: 7, name: 'docs', git_repo: 'team/docs', git_url: `http://${git.domain}/team/docs.git` },
        ...{ git_domain: git.domain, type, private: true, default_branch: 'main' },
      });
      expect([first.body.length, first.headers['x-next-page']]).toEqual([50, '2']);
      expect([last.body.length, last.headers['x-next-page']]).toEqual([20, undefined]);
    });

    it('are searched to the last page, by any part of a name or by the whole', async () => {
      await save(type);
      const part = await search('q=REPO-12');
      const whole = await search('q=team/repo-12&fullmatch=true&timeout=30');

      expect(part.body.map(({ git_repo: repo }) => repo)).toEqual(['team/repo-12', 'team/repo-120']);
      expect(whole.body.map(({ git_repo: repo }) => repo)).toEqual(['team/repo-12']);
    });

    it('list all branches, the default one first', async () => {
      await save(type);
      const branches = [...Array.from({ length: 130 }, (_, index) => `feature/${index}`), 'main'];
      git.repositories[4] = { id: 5, path: 'team/repo-5', branches };
      const query = `git_repo=${encodeURIComponent('team/repo-5')}&type=${type}&git_domain=${git.domain}`;
      const { status, body } = await app.call<object[]>(`GET /git/repositories/branches?${query}`);
      const missing = await app.fail(`GET /git/repositories/branches?git_repo=team/none&git_domain=${git.domain}`);

      expect([status, body.length]).toEqual([200, 131]);
      expect(body[0]).toEqual({ name: 'main', protected: true, default: true });
      expect(body[1]).toEqual({ name: 'feature/0', protected: false, default: false });
      expect([missing.status, missing.body.code]).toEqual([502, 'provider_not_found']);
    });

    it('say when a token ends, when it may do too little, and when there were too many requests', async () => {
      await save(type);
      git.tokens.clear();
      const ended = await app.fail('GET /git/repositories');
      git.next.push({ status: 403, body: { message: 'Resource not accessible' } });
      const weak = await app.fail('GET /git/repositories');
      const limited = { 'x-ratelimit-remaining': '0', 'retry-after': '90' };
      git.next.push({ status: 403, body: { message: 'API rate limit exceeded' }, headers: limited });
      const busy = await app.call<{ code: string }>('GET /git/repositories');
      git.next.push({ status: 503, body: '<html>' });
      const down = await app.fail('GET /git/repositories');
      git.next.push({ status: 200, body: '<html>' });
      const page = await app.fail('GET /git/repositories');

      expect([ended.status, ended.body.code, ended.body.message]).toEqual([
        ...[502, 'provider_auth', expect.stringMatching(/wrong, expired or revoked; save a new one/)],
      ]);
      expect([weak.body.code, weak.body.message]).toEqual(['provider_auth', expect.stringMatching(/it needs the/)]);
      expect([busy.body.code, busy.headers['retry-after']]).toEqual(['provider_rate_limited', '90']);
      expect([down.body.code, page.body.code]).toEqual(['provider_unavailable', 'provider_protocol']);
    });

    it('say who a token belongs to', async () => {
      const token = { git_domain: git.domain, type };
      const right = await app.call('POST /git/validate-token', { body: { ...token, token: ` Bearer ${TOKEN}` } });
      const wrong = await app.call('POST /git/validate-token', { body: { ...token, token: 'other' } });

      expect([right.status, right.body]).toMatchObject([200, { valid: true, user: { login: expect.any(String) } }]);
      expect([wrong.status, wrong.body]).toEqual([
        ...[200, { valid: false, user: null, message: expect.stringContaining('does not accept the token') }],
      ]);
    });
  });

  it('are asked with limits of size, and follow no link or redirect', async () => {
    await save('github');
    git.next.push({ status: 200, body: JSON.stringify(['x'.repeat(5 * 1024 * 1024)]) });
    const large = await app.fail('GET /git/repositories');
    git.next.push({ status: 302, body: '', headers: { location: `http://${git.domain}/api/v3/user/repos` } });
    const moved = await app.fail('GET /git/repositories');
    const asked = git.requests.length;

    expect([large.body.code, moved.body.code]).toEqual(['provider_protocol', 'provider_protocol']);
    expect(asked).toBe(3);
  });

  it('that fail do not hide those that work', async () => {
    await save('github');
    const other = await GitServer.start();
    other.tokens.add(TOKEN);
    await app.call('PUT /users/me', {
      body: { git_info: [{ git_domain: other.domain, git_token: TOKEN, type: 'gitea' }] },
    });
    await other.stop();
    const both = await repositories();
    const broken = await app.fail(`GET /git/repositories?git_domain=${other.domain}`);

    expect([both.status, both.body.length]).toEqual([200, 100]);
    expect(both.headers['x-git-failed']).toBe(`${other.domain} provider_unavailable`);
    expect([broken.status, broken.body.code]).toEqual([502, 'provider_unavailable']);
  });

  it('are not needed', async () => {
    const none = await repositories();
    const unknown = await app.fail('GET /git/repositories/branches?git_repo=a/b&git_domain=github.com');

    expect([none.status, none.body]).toEqual([200, []]);
    expect([unknown.status, unknown.body.code]).toEqual([404, 'not_found']);
  });

  it.each([
    ['git_repo', 'branches?git_repo=../user&git_domain=github.com'],
    ['git_repo', 'branches?git_repo=a/..&git_domain=github.com'],
    ['git_domain', 'branches?git_repo=a/b'],
    ['git_domain', 'branches?git_repo=a/b&git_domain=http://github.com/'],
    ['q', 'search?timeout=30'],
  ])('are not asked with a wrong %s: %s', async (field, path) => {
    const { status, body } = await app.fail(`GET /git/repositories/${path}`);

    expect([status, body.errors?.[0]?.field]).toEqual([422, field]);
  });
});
