import { Injectable, Logger } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { AppError } from '../../common/app-error.js';
import { AppConfig } from '../../config/app-config.js';
import type { LoginDto } from '../auth.dto.js';
import { AuthService } from '../auth.service.js';
import { isCurrent, type TokenClaims } from '../tokens/token-claims.js';
import { type RefreshClaims, UserTokens } from '../tokens/user-tokens.js';
import { UserRates } from '../user-rates.js';
import type { UserRow } from '../users/users.repository.js';
import { UsersService } from '../users/users.service.js';
import { RefreshFamiliesRepository } from './refresh-families.repository.js';

/** How long the token before the newest one is accepted: two tabs may use it at once, or a reply may get lost. */
const GRACE_SECONDS = 10;
/** A token may be signed while its session is ended. */
const SLACK_SECONDS = 60;

/** The tokens of a session, after a log-in or a refresh. */
export interface SessionTokens {
  access: string;
  refresh: string;
}

/** How a caller shows the session that a log-out ends. */
export interface LogoutProof {
  accessToken: string | null;
  refreshToken: string | null;
}

/**
 * Begins, refreshes and ends sessions. A refresh token is used once; the use of an older one means that a copy of it was
 * stolen, and ends the session for the thief and the user. They are stateless but for the number of the newest one.
 */
@Injectable()
export class SessionsService {
  private readonly log = new Logger(SessionsService.name);

  constructor(
    private readonly config: AppConfig,
    private readonly auth: AuthService,
    private readonly users: UsersService,
    private readonly tokens: UserTokens,
    private readonly families: RefreshFamiliesRepository,
    private readonly rates: UserRates,
  ) {}

  /** Checks a password and begins a session. @throws AppError unauthorized, too_many_logins, service_unavailable */
  async logIn(login: LoginDto, address: string): Promise<SessionTokens> {
    const user = await this.auth.rowOfPassword(login, address);
    const sid = randomUUID();
    await this.families.insert(sid, user.id, this.config.auth.refreshTokenSeconds);

    return this.tokensOf(user, sid, 0);
  }

  /** Exchanges a refresh token for new tokens. @throws AppError unauthorized when it is wrong or its session has ended */
  async refresh(token: string): Promise<SessionTokens> {
    const claims = await this.tokens.readRefresh(token);
    const user = await this.currentUser(claims);
    if (!user) throw ended();
    await this.rates.consume(user.id);

    return this.tokensOf(user, claims.sid, await this.nextGeneration(claims, user));
  }

  /**
   * Ends the sessions of the given tokens. With AUTH_MODE=off there is none.
   * @throws AppError unauthorized when none of them is of a session that goes on
   */
  async logOut({ accessToken, refreshToken }: LogoutProof): Promise<void> {
    if (this.config.auth.mode === 'off') return;
    const endings = await Promise.all([
      accessToken !== null && this.endShown(this.tokens.readAccess(accessToken)),
      refreshToken !== null && this.endShown(this.tokens.readRefresh(refreshToken)),
    ]);
    if (!endings.includes(true)) throw new AppError('unauthorized', 'Log in first: there is no session to end');
  }

  private async endShown(read: Promise<TokenClaims>): Promise<boolean> {
    const claims = await read.catch(() => null);
    const user = claims && (await this.currentUser(claims));
    if (!user) return false;
    await this.end(claims.sid, user);

    return true;
  }

  /** First the refresh token, so that no access token comes after those that are ended. */
  private async end(sid: string, user: UserRow): Promise<void> {
    await this.families.delete(sid);
    const lastExpiry = Math.ceil(Date.now() / 1000) + this.config.auth.accessTokenSeconds + SLACK_SECONDS;
    await this.users.endSession(user.id, sid, lastExpiry);
  }

  private async currentUser(claims: TokenClaims): Promise<UserRow | null> {
    const user = await this.users.byName(claims.sub);

    return user && isCurrent(claims, user) ? user : null;
  }

  /** @throws AppError unauthorized, and ends the session, when the token has been replaced */
  private async nextGeneration({ sid, generation }: RefreshClaims, user: UserRow): Promise<number> {
    if (await this.families.rotate(sid, generation)) return generation + 1;
    const newest = await this.families.newest(sid);
    if (!newest) throw ended();
    const isRace = newest.generation === generation + 1 && newest.ageSeconds <= GRACE_SECONDS;
    if (isRace) return newest.generation;
    this.log.warn(`a replaced refresh token of user "${user.userName}" was used: the session is ended`);
    await this.end(sid, user);
    throw ended();
  }

  private async tokensOf(user: UserRow, sid: string, generation: number): Promise<SessionTokens> {
    const [access, refresh] = await Promise.all([
      this.tokens.signAccess(user, sid),
      this.tokens.signRefresh(user, sid, generation),
    ]);

    return { access, refresh };
  }
}

const ended = () => new AppError('unauthorized', 'This session has ended: log in again');
