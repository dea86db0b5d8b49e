import type { UserRow } from '../users.repository.js';

/** What the token of a user says. */
export interface TokenClaims {
  /** The user's name. */
  sub: string;
  /** Identifies the token, so that it alone can be ended. */
  jti: string;
  /** The user's `tokens_valid_from` when the token was issued, in milliseconds. */
  valid_from: number;
  /** Unix seconds. */
  exp: number;
}

/** Ended tokens of one user, above which all tokens are ended instead. */
const MAX_REVOKED = 100;

/** Reads verified claims; null when they are not those of a user's token. */
export function toClaims({ sub, jti, valid_from: validFrom, exp }: Record<string, unknown>): TokenClaims | null {
  const isOne = typeof sub === 'string' && typeof jti === 'string' && typeof validFrom === 'number';

  return isOne && typeof exp === 'number' ? { sub, jti, valid_from: validFrom, exp } : null;
}

/** Whether a token still counts for its user: not expired, and ended neither alone nor with all others. */
export function isCurrent(claims: TokenClaims, user: UserRow, now = Date.now()): boolean {
  if (!user.isActive || claims.exp * 1000 <= now) return false;

  return claims.valid_from >= user.tokensValidFrom.getTime() && !Object.hasOwn(user.revokedTokens, claims.jti);
}

/** Column values that end all tokens of a user issued so far. */
export function withoutTokens({ tokensValidFrom }: UserRow): Pick<UserRow, 'tokensValidFrom' | 'revokedTokens'> {
  // Later than before even when the clock is not.
  const validFrom = Math.max(Date.now(), tokensValidFrom.getTime() + 1);

  return { tokensValidFrom: new Date(validFrom), revokedTokens: {} };
}

/** Column values that end one token; those of expired ones are removed. */
export function withoutToken(row: UserRow, { jti, exp }: TokenClaims): Partial<UserRow> {
  const unexpired = Object.entries(row.revokedTokens).filter(([, end]) => end * 1000 > Date.now());
  if (unexpired.length >= MAX_REVOKED) return withoutTokens(row);

  return { revokedTokens: { ...Object.fromEntries(unexpired), [jti]: exp } };
}
