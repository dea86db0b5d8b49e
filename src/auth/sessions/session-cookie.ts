/** The refresh token of browsers: in a cookie that scripts cannot read, and that goes to the calls of sessions only. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { requireOwnSite } from '../../common/own-site.js';

const NAME = 'conch_refresh';
const VALUE = new RegExp(`(?:^|;) *${NAME}=([^;]+)`);
const ATTRIBUTES = 'Path=/api/auth; HttpOnly; SameSite=Strict';

/**
 * Returns the refresh token of a browser's request; null without one.
 * @throws AppError forbidden when a page of another site sent the request
 */
export function refreshTokenOf({ headers }: FastifyRequest): string | null {
  const token = VALUE.exec(headers.cookie ?? '')?.[1]?.trim();
  if (!token) return null;
  requireOwnSite(headers);

  return token;
}

export function setRefreshCookie(token: string, maxAgeSeconds: number, reply: FastifyReply): void {
  setCookie(`${NAME}=${token}; Max-Age=${maxAgeSeconds}`, reply);
}

export function clearRefreshCookie(reply: FastifyReply): void {
  setCookie(`${NAME}=; Max-Age=0`, reply);
}

/** Over HTTPS, of a proxy that TRUST_PROXY trusts too, the cookie never goes over plain HTTP. */
function setCookie(cookie: string, reply: FastifyReply): void {
  const secure = reply.request.protocol === 'https' ? '; Secure' : '';
  void reply.header('Set-Cookie', `${cookie}; ${ATTRIBUTES}${secure}`);
}
