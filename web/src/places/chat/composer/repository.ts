import type { Repository } from '../data/memory';

/** What the address of a repository says of it: its domain and its path. */
export function repositoryOf(address: string): Repository {
  const text = address.trim();
  const [, host, path] =
    /^(?:https?:\/\/|ssh:\/\/)?(?:[^@/\s]+@)?([^/:\s]+)(?::\d+(?=\/))?[/:](\S+?)(?:\.git)?\/?$/.exec(text) ?? [];

  return { git_url: text, git_domain: host ?? '', git_repo: path ?? '' };
}
