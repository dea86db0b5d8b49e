// The signature that takes the place of a bearer token.
import { createHmac } from 'node:crypto';

/**
 * Headers that sign a request.
 *
 * @param token the shared secret
 * @param body the bytes of the body as they are sent; empty when there is none
 * @param seconds the time of the request, Unix seconds
 */
export function signed(token: string, body: string, seconds: number): Record<string, string> {
  const digest = createHmac('sha256', token).update(`${seconds}.${body}`).digest('hex');

  return { 'x-conch-timestamp': String(seconds), 'x-conch-signature': `v1=${digest}` };
}

/** Unix seconds of now. */
export function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
