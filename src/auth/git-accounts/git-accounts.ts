/** A user's accounts at git servers, as Wegent's web client sends them and its executors get them. */
import type { FieldProblem } from '../../common/app-error.js';
import { isMasked, maskSecret } from '../../common/secrets/mask.js';
import type { SecretBox } from '../../common/secrets/secret-box.js';
import { invalid } from '../../infra/http/server/validation.pipe.js';

export const GIT_TYPES = ['github', 'gitlab', 'gitea'] as const;
export type GitType = (typeof GIT_TYPES)[number];
export const MAX_ACCOUNTS = 50;

/** Servers whose kind their name says. */
const KNOWN_SERVERS: ReadonlyMap<string, GitType> = new Map([
  ['github.com', 'github'],
  ['gitlab.com', 'gitlab'],
  ['gitea.com', 'gitea'],
  ['codeberg.org', 'gitea'],
]);

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
 * The stored accounts with those that a user sent, one a domain: others stay. A masked token means the stored account of
 * the same domain, whose fields stay where the user sends none.
 * @throws AppError validation_failed: a domain twice, a masked token where none is stored, or too many accounts
 */
export function mergeAccounts(incoming: readonly GitAccount[], stored: string | null, box: SecretBox): string | null {
  const merged = new Map(tryOpen(stored, box).map((account) => [keyOf(account.git_domain), account]));
  const known = new Map(merged);
  const seen = new Set<string>();
  const problems: FieldProblem[] = [];
  for (const [index, account] of incoming.entries()) {
    const domain = keyOf(account.git_domain);
    const before = isMasked(account.git_token) ? known.get(domain) : undefined;
    if (seen.has(domain)) {
      problems.push({ field: `git_info.${index}.git_domain`, message: `git_domain "${domain}" is there twice` });
    }
    if (isMasked(account.git_token) && !before) {
      problems.push({ field: `git_info.${index}.git_token`, message: 'git_token is masked, and none is stored' });
    }
    seen.add(domain);
    merged.set(domain, before ? withStored(account, before) : { ...account, git_domain: domain });
  }
  if (merged.size > MAX_ACCOUNTS) {
    problems.push({ field: 'git_info', message: `git_info may have at most ${MAX_ACCOUNTS} accounts: delete some` });
  }
  if (problems.length > 0) throw invalid(problems);

  return seal([...merged.values()], box);
}

/** The token, its server's kind and its owner are those that were checked. */
function withStored(account: GitAccount, stored: GitAccount): GitAccount {
  const { git_domain, git_token, type, git_id, git_login } = stored;
  const checked = { git_domain, git_token, type, git_id, git_login };
  const known = Object.fromEntries(Object.entries(checked).filter(([, value]) => value !== undefined));

  return { ...stored, ...account, ...known };
}

/** The stored accounts without that of a domain; undefined when there is none. */
export function withoutAccount(stored: string | null, domain: string, box: SecretBox): string | null | undefined {
  const accounts = tryOpen(stored, box);
  const kept = accounts.filter(({ git_domain }) => keyOf(git_domain) !== keyOf(domain));

  return kept.length === accounts.length ? undefined : seal(kept, box);
}

/** The kind of an account's server; null for one that Conch does not know. */
export function gitTypeOf({ type, git_domain: domain }: Pick<GitAccount, 'type' | 'git_domain'>): GitType | null {
  if (type) return GIT_TYPES.find((known) => known === type.toLowerCase()) ?? null;

  return KNOWN_SERVERS.get(keyOf(domain)) ?? null;
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
