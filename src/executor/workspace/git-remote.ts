/** Where a repository is, and who may read it. */
import type { Redactor } from '../log.js';
import type { WorkAuthor, WorkRepository } from '../tasks/work-item.js';

/** A clone: no part of it but the environment holds a secret. */
export interface CloneCall {
  url: string;
  args: string[];
  env: NodeJS.ProcessEnv;
}

/** `git@host:group/name.git` */
const SCP_ADDRESS = /^(?:[\w.-]+@)?([\w.-]+\.[\w.-]+):(?!\/\/)(.+)$/;
/** The variables of the credential helper, which git runs in its own environment. */
const HELPER = '!f() { echo "username=$CONCH_GIT_USER"; echo "password=$CONCH_GIT_TOKEN"; }; f';

/**
 * Returns how a repository is cloned. The token reaches git by a credential helper that reads it from the environment of
 * git alone, and only for the host of the repository. SSH addresses become HTTPS: there are tokens, and no keys.
 */
export function cloneCall({ url, branch, token }: WorkRepository, author: WorkAuthor, directory: string): CloneCall {
  const address = new URL(httpsOf(url));
  const password = token ?? decodeURIComponent(address.password || address.username);
  const user = author.login ?? (decodeURIComponent(address.username) || 'oauth2');
  address.username = '';
  address.password = '';
  const helper = password === '' ? [] : ['-c', `credential.${address.origin}.helper=${HELPER}`];

  return {
    url: address.href,
    args: [
      ...['-c', 'credential.helper=', ...helper, 'clone', '--no-tags', '--single-branch'],
      ...(branch === '' ? [] : [`--branch=${branch}`]),
      ...['--', address.href, directory],
    ],
    env: password === '' ? {} : { CONCH_GIT_USER: user, CONCH_GIT_TOKEN: password },
  };
}

/** What the user can do about a clone that failed, with the reason that git gave. */
export function cloneProblem(said: string, { url, branch, token }: WorkRepository, hide: Redactor): string {
  const where = withoutUser(url);
  if (/could not read Username|terminal prompts disabled/i.test(said)) {
    return `The repository ${where} asks for an account: add a git token for its host to your settings`;
  }
  if (/Authentication failed|HTTP 40[13]|returned error: 40[13]|invalid credentials|Access denied/i.test(said)) {
    return `The repository ${where} refuses ${token === null ? 'access without an account' : 'your git token'}: check the git account in your settings`;
  }
  if (/Remote branch .* not found/i.test(said)) return `The repository ${where} has no branch ${branch}`;
  if (/repository .*not found|does not exist|returned error: 404/i.test(said)) {
    return `The repository ${where} does not exist, or your git account may not see it`;
  }
  const last = said.split('\n').findLast((line) => line.trim() !== '') ?? 'git gave no reason';

  return `The repository ${where} could not be cloned: ${hide(withoutUser(last))}`;
}

/** Addresses in a text, without user and password. */
const withoutUser = (text: string) => text.replace(/(:\/\/)[^/\s@]+@/g, '$1');

function httpsOf(url: string): string {
  if (URL.canParse(url)) {
    const { protocol, hostname, pathname } = new URL(url);
    // A local repository has neither host nor account.
    if (['http:', 'https:', 'file:'].includes(protocol)) return url;
    if (protocol === 'ssh:' || protocol === 'git:') return `https://${hostname}${pathname}`;
  }
  const [, host, path] = SCP_ADDRESS.exec(url) ?? [];
  if (host === undefined || path === undefined)
    throw new TypeError(`${withoutUser(url)} is no address of a repository`);

  return `https://${host}/${path}`;
}
