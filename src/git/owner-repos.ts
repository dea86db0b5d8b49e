/** The calls that GitHub and Gitea have in common: `/user`, `/user/repos` and `/repos/{owner}/{name}`. */
import type { TypedGitAccount } from '../auth/git-accounts/git-identities.js';
import type { PageQuery } from '../common/page.js';
import { asNumber, asObject, asText, type JsonObject } from '../common/text/json.js';
import type { GitHttp } from './git-http.js';
import { type GitBranch, type GitPage, type GitRepository, itemsOf } from './git-provider.js';

/** How a kind of server is called. */
export interface OwnerReposDialect {
  baseOf(account: TypedGitAccount): string;
  headersOf(account: TypedGitAccount): Record<string, string>;
  /** Parameter that says how many entries a page has. */
  perPage: string;
  /** Of the list of repositories. */
  order: Readonly<Record<string, string>>;
}

export class OwnerRepos {
  constructor(
    private readonly http: GitHttp,
    private readonly dialect: OwnerReposDialect,
  ) {}

  async user(account: TypedGitAccount, signal: AbortSignal): Promise<JsonObject> {
    return asObject((await this.get(account, '/user', {}, signal)).body) ?? {};
  }

  async repositories(
    account: TypedGitAccount,
    { page, limit }: PageQuery,
    signal: AbortSignal,
  ): Promise<GitPage<GitRepository>> {
    const query = { ...this.dialect.order, page, [this.dialect.perPage]: limit };
    const { body, hasMore } = await this.get(account, '/user/repos', query, signal);

    return { items: itemsOf(body, toRepository), hasMore };
  }

  async branches(
    account: TypedGitAccount,
    repository: string,
    { page, limit }: PageQuery,
    signal: AbortSignal,
  ): Promise<GitPage<GitBranch>> {
    const query = { page, [this.dialect.perPage]: limit };
    const { body, hasMore } = await this.get(account, `${pathOf(repository)}/branches`, query, signal);

    return { items: itemsOf(body, toBranch), hasMore };
  }

  async defaultBranch(account: TypedGitAccount, repository: string, signal: AbortSignal): Promise<string | null> {
    const { body } = await this.get(account, pathOf(repository), {}, signal);

    return asText(asObject(body)?.['default_branch']) ?? null;
  }

  private get(account: TypedGitAccount, path: string, query: Record<string, string | number>, signal: AbortSignal) {
    const { dialect } = this;
    const call = { base: dialect.baseOf(account), path, query, headers: dialect.headersOf(account) };

    return this.http.get(account, call, signal);
  }
}

const pathOf = (repository: string) => `/repos/${repository.split('/').map(encodeURIComponent).join('/')}`;

function toRepository(entry: JsonObject): GitRepository | null {
  const id = asNumber(entry['id']);
  const fullName = asText(entry['full_name']);
  const cloneUrl = asText(entry['clone_url']);
  if (id === undefined || fullName === undefined || cloneUrl === undefined) return null;
  const name = asText(entry['name']) ?? fullName;
  const defaultBranch = asText(entry['default_branch']) ?? null;

  return { id, name, fullName, cloneUrl, isPrivate: entry['private'] === true, defaultBranch };
}

export function toBranch(entry: JsonObject): GitBranch | null {
  const name = asText(entry['name']);

  return name === undefined ? null : { name, isProtected: entry['protected'] === true };
}
