import { createHash } from 'node:crypto';
import { AppError } from '../../common/app-error.js';

const KEY_PATTERN = /^[\x21-\x7e]{1,128}$/;

/** An Idempotency-Key, and a hash of the body that it came with. */
export interface Idempotency {
  key: string;
  hash: string;
}

/** Returns the key of a request with the hash of its body. @throws AppError bad_request for a malformed key */
export function idempotencyOf(key: string, body: object): Idempotency {
  if (!KEY_PATTERN.test(key))
    throw new AppError('bad_request', 'Idempotency-Key must have 1 to 128 visible ASCII characters');
  const entries = Object.entries(body).sort(([a], [b]) => (a < b ? -1 : 1));

  return { key, hash: createHash('sha256').update(JSON.stringify(entries)).digest('hex') };
}
