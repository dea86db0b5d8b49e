import type { GitIdentity, TypedGitAccount } from '../auth/git-accounts/git-identities.js';
import { AppError } from '../common/app-error.js';
import { asNumber, asText, type JsonObject } from '../common/text/json.js';

type Fields = Record<'id' | 'login' | 'name', string>;

/** Reads the user of a token. @throws AppError provider_protocol when the reply shows none */
export function identityOf(account: TypedGitAccount, user: JsonObject, fields: Fields): Omit<GitIdentity, 'email'> {
  const id = asNumber(user[fields.id]);
  const login = asText(user[fields.login]);
  if (id === undefined || login === undefined) {
    throw new AppError(
      'provider_protocol',
      `${account.git_domain} does not answer as ${account.type} does: is the type right?`,
    );
  }

  return { id: String(id), login, name: asText(user[fields.name]) ?? null };
}
