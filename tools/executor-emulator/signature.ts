// The signature that takes the place of a bearer token.
import { createHash, createHmac } from 'node:crypto';

/** What a signature covers besides its time. */
export interface SignedRequest {
  method: string;
  /** With the query. */
  path: string;
  /** As it is sent; empty when there is none. */
  body: string;
}

/**
 * Headers that sign a request.
 *
 * @param token the shared secret
 * @param seconds the time of the request, Unix seconds
 */
export function signed(token: string, request: SignedRequest, seconds = nowSeconds()): Record<string, string> {
  const { method, path, body } = request;
  const time = seconds.toFixed(6);
  const text = `${time}.${method}.${path}.${createHash('sha256').update(body).digest('hex')}`;

  return {
    'x-conch-timestamp': time,
    'x-conch-signature': `v2=${createHmac('sha256', token).update(text).digest('hex')}`,
  };
}

/** Unix seconds of now, with microseconds: each signature counts once, so that two equal requests need two times. */
export function nowSeconds(): number {
  return (performance.timeOrigin + performance.now()) / 1000;
}
