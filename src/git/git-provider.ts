/** What the adapters of git servers have in common. */
import type { GitIdentity, TypedGitAccount } from '../auth/git-accounts/git-identities.js';
import type { GitType } from '../auth/git-accounts/git-accounts.js';
import type { PageQuery } from '../common/page.js';
import { asObject, type JsonObject } from '../common/text/json.js';

export interface GitRepository {
  id: number;
  name: string;
  /** With its owner or groups. */
  fullName: string;
  cloneUrl: string;
  isPrivate: boolean;
  defaultBranch: string | null;
}

export interface GitBranch {
  name: string;
  isProtected: boolean;
}

export interface GitPage<T> {
  items: T[];
  hasMore: boolean;
}

/** One kind of git server. All calls throw `AppError`s with codes `provider_…`. */
export interface GitProvider {
  readonly type: GitType;
  identify(account: TypedGitAccount, signal: AbortSignal): Promise<GitIdentity>;
  /** Returns repositories that the account is a member of, last changed first where the server can sort. */
  repositories(account: TypedGitAccount, page: PageQuery, signal: AbortSignal): Promise<GitPage<GitRepository>>;
  /** Searches among the same; for servers that can, others are searched page by page. */
  search?(account: TypedGitAccount, text: string, signal: AbortSignal): Promise<GitRepository[]>;
  branches(
    account: TypedGitAccount,
    repository: string,
    page: PageQuery,
    signal: AbortSignal,
  ): Promise<GitPage<GitBranch>>;
  defaultBranch(account: TypedGitAccount, repository: string, signal: AbortSignal): Promise<string | null>;
}

/** Most of what a server has: 1000 entries at 100 a page. */
const MAX_PAGES = 10;
const PER_PAGE = 100;

/** Reads page by page, to the end or to the limit. */
export async function allPages<T>(read: (page: PageQuery) => Promise<GitPage<T>>): Promise<T[]> {
  const all: T[] = [];
  for (let page = 1; page <= MAX_PAGES; page += 1) {
    const { items, hasMore } = await read({ page, limit: PER_PAGE });
    all.push(...items);
    if (!hasMore) break;
  }

  return all;
}

/** Returns the entries of a JSON list that can be read. */
export function itemsOf<T>(body: unknown, read: (entry: JsonObject) => T | null): T[] {
  const entries = Array.isArray(body) ? (body as unknown[]) : [];

  return entries.flatMap((entry) => read(asObject(entry) ?? {}) ?? []);
}
