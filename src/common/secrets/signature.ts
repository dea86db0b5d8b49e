import { createHash, createHmac } from 'node:crypto';

/** A request that calls the API with a signature. */
export interface SignedRequest {
  method: string;
  /** As it is sent, with its query. */
  path: string;
  /** As it is sent; empty when there is none. */
  body: string | Buffer;
}

/**
 * The X-Conch-Signature of a request to the API: HMAC-SHA256 of the timestamp, the method, the path with its query and the
 * SHA-256 of the body in hex, with dots between them.
 * @param timestamp Unix seconds, as in X-Conch-Timestamp
 */
export function requestSignatureOf(secret: string, timestamp: number | string, request: SignedRequest): string {
  const { method, path, body } = request;
  const text = `${timestamp}.${method}.${path}.${createHash('sha256').update(body).digest('hex')}`;

  return `v2=${createHmac('sha256', secret).update(text).digest('hex')}`;
}

/**
 * The X-Conch-Signature of a webhook: HMAC-SHA256 of the timestamp, a dot and the body as it is sent. Its receiver may see
 * another path than the sender, so that the signature does not cover it.
 * @param timestamp Unix seconds, as in X-Conch-Timestamp
 */
export function webhookSignatureOf(secret: string, timestamp: number | string, body: string | Buffer): string {
  return `v1=${createHmac('sha256', secret).update(`${timestamp}.`).update(body).digest('hex')}`;
}
