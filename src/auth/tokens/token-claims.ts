import type { UserRow } from '../users/users.repository.js';

/** What a token of a user says, beside its expiry. */
export interface TokenClaims {
  /** The user's name. */
  sub: string;
  /** Identifies the session: the tokens that follow from one log-in have the same. */
  sid: string;
  /** The user's `tokens_valid_from` when the session began, in milliseconds. */
  valid_from: number;
}

/** Ended sessions of one user, above which all are ended instead. */
const MAX_REVOKED = 100;

/** Reads verified claims; null when they are not those of a user's token. */
export function toClaims({ sub, sid, valid_from: validFrom }: Record<string, unknown>): TokenClaims | null {
  const isOne = typeof sub === 'string' && typeof sid === 'string' && typeof validFrom === 'number';

  return isOne ? { sub, sid, valid_from: validFrom } : null;
}

/** Whether the session of a token goes on: ended neither alone nor with all others. A verified token has not expired. */
export function isCurrent(claims: TokenClaims, user: UserRow): boolean {
  if (!user.isActive) return false;

  return claims.valid_from >= user.tokensValidFrom.getTime() && !Object.hasOwn(user.revokedTokens, claims.sid);
}

/** Column values that end all sessions of a user. */
export function withoutTokens({ tokensValidFrom }: UserRow): Pick<UserRow, 'tokensValidFrom' | 'revokedTokens'> {
  // Later than before even when the clock is not.
  const validFrom = Math.max(Date.now(), tokensValidFrom.getTime() + 1);

  return { tokensValidFrom: new Date(validFrom), revokedTokens: {} };
}

/** Column values that end the access tokens of one session. @param until Unix seconds at which all have expired */
export function withoutSession(row: UserRow, sid: string, until: number): Partial<UserRow> {
  const unexpired = Object.entries(row.revokedTokens).filter(([, end]) => end * 1000 > Date.now());
  if (unexpired.length >= MAX_REVOKED) return withoutTokens(row);

  return { revokedTokens: { ...Object.fromEntries(unexpired), [sid]: until } };
}
