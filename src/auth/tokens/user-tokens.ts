import { Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { AppError } from '../../common/app-error.js';
import { AppConfig } from '../../config/app-config.js';
import type { UserRow } from '../users/users.repository.js';
import { toClaims, type TokenClaims } from './token-claims.js';

/** A token for anything else, as executors have them, identifies no user. */
const ACCESS = 'user';
const REFRESH = 'refresh';

/** What a refresh token says. */
export interface RefreshClaims extends TokenClaims {
  /** How often the session has been refreshed; each generation is used once. */
  generation: number;
}

/** Signs and reads the two kinds of tokens of users: none is accepted in the place of the other. */
@Injectable()
export class UserTokens {
  constructor(
    private readonly jwt: JwtService,
    private readonly config: AppConfig,
  ) {}

  /** Returns a token for calls. */
  signAccess(user: UserRow, sid: string): Promise<string> {
    return this.jwt.signAsync(claimsFor(user, sid), {
      audience: ACCESS,
      expiresIn: this.config.auth.accessTokenSeconds,
    });
  }

  /** Returns the token that is exchanged for the next ones. */
  signRefresh(user: UserRow, sid: string, generation: number): Promise<string> {
    return this.jwt.signAsync(
      { ...claimsFor(user, sid), generation },
      { audience: REFRESH, expiresIn: this.config.auth.refreshTokenSeconds },
    );
  }

  /** Reads an access token. @throws AppError unauthorized when it is wrong or expired */
  async readAccess(token: string): Promise<TokenClaims> {
    const verified = await this.verify(token, ACCESS);
    const claims = verified && toClaims(verified);
    if (!claims)
      throw new AppError('unauthorized', 'The token is not valid or has expired: refresh it or log in again');

    return claims;
  }

  /** Reads a refresh token. @throws AppError unauthorized when it is wrong or expired */
  async readRefresh(token: string): Promise<RefreshClaims> {
    const verified = await this.verify(token, REFRESH);
    const claims = verified && toClaims(verified);
    if (!claims || typeof verified.generation !== 'number') {
      throw new AppError('unauthorized', 'The refresh token is not valid or has expired: log in again');
    }

    return { ...claims, generation: verified.generation };
  }

  private verify(token: string, audience: string): Promise<Record<string, unknown> | null> {
    return this.jwt.verifyAsync<Record<string, unknown>>(token, { audience }).catch(() => null);
  }
}

function claimsFor({ userName, tokensValidFrom }: UserRow, sid: string): TokenClaims {
  return { sub: userName, sid, valid_from: tokensValidFrom.getTime() };
}
