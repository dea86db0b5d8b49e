import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
import { createHmac, randomBytes } from 'node:crypto';
import { AuthService } from '../auth/auth.service.js';
import { type AuthUser, bearerOf } from '../auth/auth-user.js';
import { requireLoopback } from '../common/loopback.js';
import { AppError } from '../common/app-error.js';
import { requireOwnSite } from '../common/own-site.js';
import { AppConfig } from '../config/app-config.js';

/** A page sends many requests: a correct password is not checked again for this time. */
const LOGIN_TTL_MS = 60_000;
const MAX_LOGINS = 100;
const READING = new Set(['GET', 'HEAD']);

/**
 * Authorizes admins for the queue board: by a token or, as browsers cannot send one with a link, by HTTP Basic (RFC 7617).
 * With `AUTH_MODE=off`, the local user is authorized.
 */
@Injectable()
export class BoardAccess {
  /** Tokens by a digest of address and credentials: they end with a changed password, and with the account. */
  private readonly logins = new LRUCache<string, string>({ max: MAX_LOGINS, ttl: LOGIN_TTL_MS });
  private readonly secret = randomBytes(32);

  constructor(
    private readonly config: AppConfig,
    private readonly auth: AuthService,
  ) {}

  /** @throws AppError unauthorized, forbidden, too_many_logins */
  async require(request: FastifyRequest): Promise<void> {
    if (this.config.auth.mode === 'off') {
      requireLoopback(request.headers);

      return;
    }
    // Browsers add the password to requests of other sites as well.
    if (!READING.has(request.method)) requireOwnSite(request.headers);
    const user = await this.identify(request);
    if (user.role !== 'admin') throw new AppError('forbidden', 'Only admins may see the queues');
  }

  private async identify({ headers: { authorization = '' }, ip }: FastifyRequest): Promise<AuthUser> {
    const token = bearerOf(authorization);
    if (token) return this.auth.userOfToken(token);
    const login = basicLoginOf(authorization);
    if (!login)
      throw new AppError('unauthorized', 'Log in as an admin: by HTTP Basic or Authorization: Bearer <token>');
    const digest = createHmac('sha256', this.secret).update(`${ip} ${authorization}`).digest('base64');
    const known = this.logins.get(digest);
    const user = known === undefined ? null : await this.auth.userOfToken(known).catch(() => null);
    if (user) return user;
    this.logins.delete(digest);
    const fresh = await this.auth.tokenOfPassword(login, ip);
    this.logins.set(digest, fresh);

    return this.auth.userOfToken(fresh);
  }
}

function basicLoginOf(header: string): { user_name: string; password: string } | null {
  const encoded = /^Basic +([\w+/=-]+) *$/i.exec(header)?.[1];
  if (encoded === undefined) return null;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');

  return colon < 0 ? null : { user_name: text.slice(0, colon), password: text.slice(colon + 1) };
}
