import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

const SANE = /^[\w.:-]{1,128}$/;

/** The caller's `X-Request-Id` when it is sane, otherwise a new one. For Fastify's `genReqId`. */
export function requestId(request: { headers: IncomingHttpHeaders }): string {
  const given = request.headers['x-request-id'];

  return typeof given === 'string' && SANE.test(given) ? given : randomUUID();
}
