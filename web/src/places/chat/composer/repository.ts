import type { GitRepository } from '../../../api/git';
import type { Repository } from '../data/memory';

/** What the address of a repository says of it: its domain and its path. */
export function repositoryOf(address: string): Repository {
  const text = address.trim();
  const [, host, path] =
    /^(?:https?:\/\/|ssh:\/\/)?(?:[^@/\s]+@)?([^/:\s]+)(?::\d+(?=\/))?[/:](\S+?)(?:\.git)?\/?$/.exec(text) ?? [];

  return { git_url: text, git_domain: host ?? '', git_repo: path ?? '' };
}

/** The repository of an address: as a git server has told of it, else as the address says. */
export function chosenRepository(known: readonly GitRepository[] | undefined, address: string): Repository {
  const listed = known?.find(({ git_url: url }) => url === address);
  if (!listed) return { ...repositoryOf(address), git_repo_id: undefined };
  const { git_url, git_repo, git_domain, git_repo_id } = listed;

  return { git_url, git_repo, git_domain, git_repo_id: git_repo_id ?? undefined };
}
