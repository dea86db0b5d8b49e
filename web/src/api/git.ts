import { queryOptions } from '@tanstack/react-query';
import { fetchApi } from './client';

/** A repository that an account of the reader reaches. */
export interface GitRepository {
  git_repo_id: number | null;
  name: string;
  /** Path at its server: `acme/shop`. */
  git_repo: string;
  git_url: string;
  git_domain: string;
  private: boolean;
  /** Kind of server: `github`, `gitlab`, `gitea`, `gerrit` … */
  type: string;
}

export interface GitBranch {
  name: string;
  protected: boolean;
  default: boolean;
}

/** More are found by what the reader types as an address. */
const MAX_LISTED = 100;
const FIVE_MINUTES_MS = 300_000;

/** The repositories of all git accounts of the reader. */
export const repositoriesQuery = queryOptions({
  queryKey: ['git', 'repositories'],
  queryFn: ({ signal }) => read<GitRepository>('/api/git/repositories', { limit: String(MAX_LISTED) }, signal),
  staleTime: FIVE_MINUTES_MS,
  retry: false,
});

export const branchesQuery = (repository: GitRepository | undefined) =>
  queryOptions({
    queryKey: ['git', 'branches', repository?.git_url],
    queryFn: ({ signal }) => {
      const { git_repo = '', git_domain = '' } = repository ?? {};

      return read<GitBranch>('/api/git/repositories/branches', { git_repo, git_domain }, signal);
    },
    enabled: repository !== undefined,
    staleTime: FIVE_MINUTES_MS,
    retry: false,
  });

async function read<T>(path: string, query: Record<string, string>, signal: AbortSignal): Promise<readonly T[]> {
  const address = new URL(path, window.location.origin);
  address.search = new URLSearchParams(query).toString();
  const body: unknown = await (await fetchApi(new Request(address, { signal }))).json();

  return Array.isArray(body) ? (body as T[]) : [];
}
