import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AppError } from '../../common/app-error.js';
import { AppConfig } from '../../config/app-config.js';
import { bearerOf } from '../auth-user.js';
import type { LoginDto, RefreshDto, TokenDto } from '../auth.dto.js';
import { clearRefreshCookie, refreshTokenOf, setRefreshCookie } from './session-cookie.js';
import { type SessionTokens, SessionsService } from './sessions.service.js';

/** Answers the calls of sessions: refresh tokens travel in cookies of browsers, or in bodies of programs. */
@Injectable()
export class SessionReplies {
  constructor(
    private readonly config: AppConfig,
    private readonly sessions: SessionsService,
  ) {}

  /** @throws AppError unauthorized, too_many_logins, service_unavailable */
  async logIn({ refresh, ...login }: LoginDto, address: string, reply: FastifyReply): Promise<TokenDto> {
    const tokens = await this.sessions.logIn(login, address);

    return refresh === 'body' ? this.inBody(tokens) : this.inCookie(tokens, reply);
  }

  /** The next refresh token travels as the given one did. @throws AppError unauthorized, forbidden, too_many_requests */
  async refresh(body: RefreshDto | undefined, request: FastifyRequest, reply: FastifyReply): Promise<TokenDto> {
    if (body?.refresh_token !== undefined) return this.inBody(await this.sessions.refresh(body.refresh_token));
    const token = refreshTokenOf(request);
    if (token === null) throw new AppError('unauthorized', 'Log in first: there is no refresh token');

    return this.inCookie(await this.clearingWrong(reply, this.sessions.refresh(token)), reply);
  }

  /** @throws AppError unauthorized, forbidden */
  async logOut(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const refreshToken = refreshTokenOf(request);
    const accessToken = bearerOf(request.headers.authorization);
    await this.clearingWrong(reply, this.sessions.logOut({ accessToken, refreshToken }));
    clearRefreshCookie(reply);
  }

  /** Browsers forget a cookie that will never be accepted again. */
  private async clearingWrong<T>(reply: FastifyReply, work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      if (error instanceof AppError && error.code === 'unauthorized') clearRefreshCookie(reply);
      throw error;
    }
  }

  private inBody({ access, refresh }: SessionTokens): TokenDto {
    return Object.assign(this.withoutRefresh(access), { refresh_token: refresh });
  }

  private inCookie({ access, refresh }: SessionTokens, reply: FastifyReply): TokenDto {
    setRefreshCookie(refresh, this.config.auth.refreshTokenSeconds, reply);

    return this.withoutRefresh(access);
  }

  private withoutRefresh(access: string): TokenDto {
    return { access_token: access, token_type: 'bearer', expires_in: this.config.auth.accessTokenSeconds };
  }
}
