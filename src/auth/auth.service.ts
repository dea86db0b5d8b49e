import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { randomUUID } from 'node:crypto';
import { AppError } from '../common/app-error.js';
import { AppConfig } from '../config/app-config.js';
import { type AuthUser, bearerOf } from './auth-user.js';
import type { LoginDto } from './auth.dto.js';
import { LoginLimiter } from './login-limiter.js';
import { hashPassword, passwordMatches } from './passwords.js';
import { isCurrent, type TokenClaims, withoutTokens } from './tokens/token-claims.js';
import { UserTokens } from './tokens/user-tokens.js';
import type { UserRow } from './users/users.repository.js';
import { UsersService } from './users/users.service.js';

const LOCAL_USER = 'local';
const ADMIN_USER = 'admin';

/** Checks passwords and tokens, and creates the accounts of the server itself. */
@Injectable()
export class AuthService implements OnModuleInit {
  private local: Promise<AuthUser> | null = null;
  private readonly verified = new WeakMap<FastifyRequest, Promise<TokenClaims>>();

  constructor(
    private readonly config: AppConfig,
    private readonly users: UsersService,
    private readonly tokens: UserTokens,
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

  /** Returns an access token that cannot be refreshed. @throws AppError unauthorized, too_many_logins, service_unavailable */
  async tokenOfPassword(login: LoginDto, address: string): Promise<string> {
    return this.tokens.signAccess(await this.rowOfPassword(login, address), randomUUID());
  }

  /** Checks a password. @throws AppError unauthorized, too_many_logins, service_unavailable when many are checked */
  async userOfPassword(login: LoginDto, address: string): Promise<AuthUser> {
    return toAuthUser(await this.rowOfPassword(login, address));
  }

  /** Checks a token. @throws AppError unauthorized when it is wrong, expired, ended, or of a user who is gone */
  async userOfToken(token: string): Promise<AuthUser> {
    return this.userOfClaims(await this.tokens.readAccess(token));
  }

  /** Reads the token of a request, once. @throws AppError unauthorized when there is none, or it is wrong or expired */
  claimsOfRequest(request: FastifyRequest): Promise<TokenClaims> {
    const known = this.verified.get(request);
    if (known) return known;
    const token = bearerOf(request.headers.authorization);
    if (token === null) throw new AppError('unauthorized', 'Log in first: send Authorization: Bearer <token>');
    const claims = this.tokens.readAccess(token);
    this.verified.set(request, claims);

    return claims;
  }

  /** Returns the user of a token. @throws AppError unauthorized when the token was ended or the user is gone */
  async userOfClaims(claims: TokenClaims): Promise<AuthUser> {
    const user = await this.users.cachedByName(claims.sub);
    if (!user?.isActive) throw new AppError('unauthorized', 'This account does not exist or is not active');
    if (!isCurrent(claims, user)) throw new AppError('unauthorized', 'This token was ended: log in again');

    return toAuthUser(user);
  }

  /** Ends all sessions of a user. */
  logoutAll({ id }: AuthUser): Promise<void> {
    return this.users.endTokens(id);
  }

  /** Checks a password. @throws AppError unauthorized, too_many_logins, service_unavailable when many are checked */
  async rowOfPassword({ user_name: userName, password }: LoginDto, address: string): Promise<UserRow> {
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
