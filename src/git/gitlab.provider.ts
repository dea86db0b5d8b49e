import { Injectable } from '@nestjs/common';
import type { GitIdentity, TypedGitAccount } from '../auth/git-accounts/git-identities.js';
import type { PageQuery } from '../common/page.js';
import { asNumber, asObject, asText, type JsonObject } from '../common/text/json.js';
import { GitHttp } from './git-http.js';
import { type GitBranch, type GitPage, type GitProvider, type GitRepository, itemsOf } from './git-provider.js';
import { identityOf } from './identity.js';
import { toBranch } from './owner-repos.js';

const LIST = { membership: 'true', order_by: 'last_activity_at' };

/** The REST API of GitLab, version 4: https://docs.gitlab.com/api/rest. */
@Injectable()
export class GitlabProvider implements GitProvider {
  readonly type = 'gitlab';

  constructor(private readonly http: GitHttp) {}

  async identify(account: TypedGitAccount, signal: AbortSignal): Promise<GitIdentity> {
    const user = asObject((await this.get(account, '/user', {}, signal)).body) ?? {};
    const identity = identityOf(account, user, { id: 'id', login: 'username', name: 'name' });

    return { ...identity, email: asText(user['commit_email']) ?? asText(user['email']) ?? null };
  }

  async repositories(
    account: TypedGitAccount,
    { page, limit }: PageQuery,
    signal: AbortSignal,
  ): Promise<GitPage<GitRepository>> {
    const { body, hasMore } = await this.get(account, '/projects', { ...LIST, page, per_page: limit }, signal);

    return { items: itemsOf(body, toRepository), hasMore };
  }

  async search(account: TypedGitAccount, text: string, signal: AbortSignal): Promise<GitRepository[]> {
    const query = { ...LIST, search: text, search_namespaces: 'true', per_page: 100 };

    return itemsOf((await this.get(account, '/projects', query, signal)).body, toRepository);
  }

  async branches(
    account: TypedGitAccount,
    repository: string,
    { page, limit }: PageQuery,
    signal: AbortSignal,
  ): Promise<GitPage<GitBranch>> {
    const path = `${pathOf(repository)}/repository/branches`;
    const { body, hasMore } = await this.get(account, path, { page, per_page: limit }, signal);

    return { items: itemsOf(body, toBranch), hasMore };
  }

  async defaultBranch(account: TypedGitAccount, repository: string, signal: AbortSignal): Promise<string | null> {
    const { body } = await this.get(account, pathOf(repository), {}, signal);

    return asText(asObject(body)?.['default_branch']) ?? null;
  }

  private get(account: TypedGitAccount, path: string, query: Record<string, string | number>, signal: AbortSignal) {
    const { git_domain: domain, git_token: token } = account;
    const base = `${this.http.originOf(domain)}/api/v4`;

    // Personal, group and OAuth tokens alike.
    return this.http.get(account, { base, path, query, headers: { authorization: `Bearer ${token}` } }, signal);
  }
}

/** A project's path with its groups is one segment. */
const pathOf = (repository: string) => `/projects/${encodeURIComponent(repository)}`;

function toRepository(entry: JsonObject): GitRepository | null {
  const id = asNumber(entry['id']);
  const fullName = asText(entry['path_with_namespace']);
  const cloneUrl = asText(entry['http_url_to_repo']);
  if (id === undefined || fullName === undefined || cloneUrl === undefined) return null;
  const name = asText(entry['name']) ?? fullName;
  const defaultBranch = asText(entry['default_branch']) ?? null;

  return { id, name, fullName, cloneUrl, isPrivate: entry['visibility'] === 'private', defaultBranch };
}
