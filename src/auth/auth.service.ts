import { Injectable, type OnModuleInit } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { randomUUID } from 'node:crypto';
import { AppError } from '../common/app-error.js';
import { AppConfig } from '../config/app-config.js';
import type { AuthUser } from './auth-user.js';
import type { LoginDto, TokenDto } from './auth.dto.js';
import { LoginLimiter } from './login-limiter.js';
import { hashPassword, passwordMatches } from './passwords.js';
import { isCurrent, toClaims, type TokenClaims, withoutTokens } from './tokens/token-claims.js';
import type { UserRow } from './users.repository.js';
import { UsersService } from './users.service.js';

const LOCAL_USER = 'local';
const ADMIN_USER = 'admin';
/** A token for anything else, as executors have them, identifies no user. */
const AUDIENCE = 'user';

/** Checks passwords and tokens, and creates the accounts of the server itself. */
@Injectable()
export class AuthService implements OnModuleInit {
  private local: Promise<AuthUser> | null = null;

  constructor(
    private readonly config: AppConfig,
    private readonly users: UsersService,
    private readonly jwt: JwtService,
    private readonly limiter: LoginLimiter,
  ) {}

  async onModuleInit(): Promise<void> {
    if (this.config.auth.mode === 'off') await this.localUser();
    if (this.config.auth.adminPassword) await this.ensureAdmin(this.config.auth.adminPassword);
  }

  /** The one user of AUTH_MODE=off. */
  localUser(): Promise<AuthUser> {
    this.local ??= this.users.ensure({ userName: LOCAL_USER, role: 'admin', isActive: true }).then(toAuthUser);

    return this.local;
  }

  /** Logs a user in. @throws AppError unauthorized, too_many_logins, service_unavailable */
  async login(login: LoginDto, address: string): Promise<TokenDto> {
    const { userName, tokensValidFrom } = await this.rowOfPassword(login, address);
    const claims = { sub: userName, valid_from: tokensValidFrom.getTime() };
    const token = await this.jwt.signAsync(claims, { audience: AUDIENCE, jwtid: randomUUID() });

    return { access_token: token, token_type: 'bearer' };
  }

  /** Checks a password. @throws AppError unauthorized, too_many_logins, service_unavailable when many are checked */
  async userOfPassword(login: LoginDto, address: string): Promise<AuthUser> {
    return toAuthUser(await this.rowOfPassword(login, address));
  }

  /** Checks a token. @throws AppError unauthorized when it is wrong, expired, ended, or of a user who is gone */
  async userOfToken(token: string): Promise<AuthUser> {
    return this.userOfClaims(await this.claimsOf(token));
  }

  /** Reads a token. @throws AppError unauthorized when it is wrong or expired */
  async claimsOf(token: string): Promise<TokenClaims> {
    const verified = await this.jwt
      .verifyAsync<Record<string, unknown>>(token, { audience: AUDIENCE })
      .catch(() => null);
    const claims = verified && toClaims(verified);
    if (!claims) throw new AppError('unauthorized', 'The token is not valid or has expired: log in again');

    return claims;
  }

  /** Returns the user of a token. @throws AppError unauthorized when the token was ended or the user is gone */
  async userOfClaims(claims: TokenClaims): Promise<AuthUser> {
    const user = await this.users.cachedByName(claims.sub);
    if (!user?.isActive) throw new AppError('unauthorized', 'This account does not exist or is not active');
    if (!isCurrent(claims, user)) throw new AppError('unauthorized', 'This token was ended: log in again');

    return toAuthUser(user);
  }

  /** Ends one token of a user. With AUTH_MODE=off there is none. */
  async logout(user: AuthUser, token: string | null): Promise<void> {
    if (this.config.auth.mode === 'off' || token === null) return;
    await this.users.endToken(user.id, await this.claimsOf(token));
  }

  /** Ends all tokens of a user. */
  logoutAll({ id }: AuthUser): Promise<void> {
    return this.users.endTokens(id);
  }

  private async rowOfPassword({ user_name: userName, password }: LoginDto, address: string): Promise<UserRow> {
    const user = await this.limiter.attempt({ userName, address }, async (isKnown) => {
      const row = await this.users.byName(userName);
      const matches = await passwordMatches(password, row?.passwordHash, isKnown ? 'known' : 'stranger');

      return row?.isActive && matches ? row : null;
    });
    if (!user) throw new AppError('unauthorized', 'Invalid user name or password');

    return user;
  }

  private async ensureAdmin(password: string): Promise<void> {
    const existing = await this.users.byName(ADMIN_USER);
    const unchanged = existing?.passwordHash && (await passwordMatches(password, existing.passwordHash));
    const ended = existing ? withoutTokens(existing) : {};
    const changes = unchanged ? {} : { ...ended, passwordHash: await hashPassword(password) };
    await this.users.ensure({ userName: ADMIN_USER, role: 'admin', isActive: true, ...changes });
  }
}

function toAuthUser({ id, userName, role }: UserRow): AuthUser {
  return { id, userName, role };
}
