import { createHmac } from 'node:crypto';

/**
 * The value of X-Conch-Signature: HMAC-SHA256 of the timestamp, a dot and the body as it is sent.
 * @param timestamp Unix seconds, as in X-Conch-Timestamp
 */
export function signatureOf(secret: string, timestamp: number | string, body: string | Buffer): string {
  return `v1=${createHmac('sha256', secret).update(`${timestamp}.`).update(body).digest('hex')}`;
}
