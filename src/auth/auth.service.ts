import { Injectable, type OnModuleInit } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { AppError } from '../common/app-error.js';
import { AppConfig } from '../config/app-config.js';
import type { AuthUser } from './auth-user.js';
import type { LoginDto, TokenDto } from './auth.dto.js';
import { LoginLimiter } from './login-limiter.js';
import { hashPassword, passwordMatches } from './passwords.js';
import type { UserRow } from './users.repository.js';
import { UsersService } from './users.service.js';

const LOCAL_USER = 'local';
const ADMIN_USER = 'admin';

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
    const { userName } = await this.userOfPassword(login, address);

    return { access_token: await this.jwt.signAsync({ sub: userName }), token_type: 'bearer' };
  }

  /** Checks a password. @throws AppError unauthorized, too_many_logins, service_unavailable when many are checked */
  async userOfPassword({ user_name: userName, password }: LoginDto, address: string): Promise<AuthUser> {
    const user = await this.limiter.attempt({ userName, address }, async (isKnown) => {
      const row = await this.users.byName(userName);
      const matches = await passwordMatches(password, row?.passwordHash, isKnown ? 'known' : 'stranger');

      return row?.isActive && matches ? row : null;
    });
    if (!user) throw new AppError('unauthorized', 'Invalid user name or password');

    return toAuthUser(user);
  }

  /** Checks a token. @throws AppError unauthorized when the token is wrong, expired, or of a user who is gone */
  async userOfToken(token: string): Promise<AuthUser> {
    const claims = await this.jwt.verifyAsync<{ sub?: unknown }>(token).catch(() => null);
    if (typeof claims?.sub !== 'string')
      throw new AppError('unauthorized', 'The token is not valid or has expired: log in again');
    const user = await this.users.cachedByName(claims.sub);
    if (!user?.isActive) throw new AppError('unauthorized', 'This account does not exist or is not active');

    return toAuthUser(user);
  }

  /** A token for an executor that works for this user, valid for 24 hours. */
  executorToken(userName: string): Promise<string> {
    return this.jwt.signAsync({ sub: userName }, { expiresIn: '24h' });
  }

  private async ensureAdmin(password: string): Promise<void> {
    const existing = await this.users.byName(ADMIN_USER);
    const unchanged = existing?.passwordHash && (await passwordMatches(password, existing.passwordHash));
    const passwordHash = unchanged ? existing.passwordHash : await hashPassword(password);
    await this.users.ensure({ userName: ADMIN_USER, role: 'admin', isActive: true, passwordHash });
  }
}

function toAuthUser({ id, userName, role }: UserRow): AuthUser {
  return { id, userName, role };
}
