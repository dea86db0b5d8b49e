/** A user's accounts at git servers, as Wegent's web client sends them and its executors get them. */
import { isMasked, maskSecret } from '../common/secrets/mask.js';
import type { SecretBox } from '../common/secrets/secret-box.js';
import { invalid } from '../infra/http/server/validation.pipe.js';

export interface GitAccount {
  git_domain: string;
  git_token: string;
  type?: string;
  user_name?: string;
  git_id?: string;
  git_login?: string;
  git_email?: string;
}

/** The stored accounts in clear. @throws SecretBoxError when they cannot be decrypted any more */
export function openAccounts(sealed: string | null, box: SecretBox): GitAccount[] {
  return sealed === null ? [] : (JSON.parse(box.open(sealed)) as GitAccount[]);
}

/** For replies: none when they cannot be decrypted. */
export function maskedAccounts(sealed: string | null, box: SecretBox): GitAccount[] {
  return tryOpen(sealed, box).map((account) => ({ ...account, git_token: maskSecret(account.git_token) }));
}

/**
 * The accounts that a user sent, as they are stored; a masked token means the stored one of the same domain.
 * @throws AppError validation_failed: a domain twice, or a masked token where none is stored
 */
export function sealAccounts(incoming: readonly GitAccount[], stored: string | null, box: SecretBox): string | null {
  const known = new Map(tryOpen(stored, box).map((account) => [keyOf(account.git_domain), account.git_token]));
  const accounts = incoming.map((account) => ({
    ...account,
    git_domain: keyOf(account.git_domain),
    git_token: isMasked(account.git_token) ? (known.get(keyOf(account.git_domain)) ?? '') : account.git_token,
  }));
  const problems = accounts.flatMap(({ git_domain: domain, git_token: token }, index) => [
    ...(accounts.findIndex((other) => other.git_domain === domain) < index
      ? [{ field: `git_info.${index}.git_domain`, message: `git_domain "${domain}" is there twice` }]
      : []),
    ...(token === ''
      ? [{ field: `git_info.${index}.git_token`, message: 'git_token is masked, and none is stored' }]
      : []),
  ]);
  if (problems.length > 0) throw invalid(problems);

  return seal(accounts, box);
}

/** The stored accounts without that of a domain; undefined when there is none. */
export function withoutAccount(stored: string | null, domain: string, box: SecretBox): string | null | undefined {
  const accounts = tryOpen(stored, box);
  const kept = accounts.filter(({ git_domain }) => keyOf(git_domain) !== keyOf(domain));

  return kept.length === accounts.length ? undefined : seal(kept, box);
}

/** The account for a repository's domain. */
export function accountFor(accounts: readonly GitAccount[], domain: string): GitAccount | null {
  return accounts.find(({ git_domain }) => keyOf(git_domain) === keyOf(domain)) ?? null;
}

function seal(accounts: readonly GitAccount[], box: SecretBox): string | null {
  return accounts.length > 0 ? box.seal(JSON.stringify(accounts)) : null;
}

function tryOpen(sealed: string | null, box: SecretBox): GitAccount[] {
  const text = sealed === null ? null : box.tryOpen(sealed);

  return text === null ? [] : (JSON.parse(text) as GitAccount[]);
}

const keyOf = (domain: string) => domain.toLowerCase();
