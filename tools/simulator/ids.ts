// Ids in the forms of the real services.
import { randomBytes } from 'node:crypto';

const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

/** A prefix and `length` letters and digits, e.g. `msg_01` + 22. */
export function newId(prefix: string, length: number): string {
  let id = prefix;
  for (const byte of randomBytes(length)) id += ALPHABET.charAt(byte % ALPHABET.length);
  return id;
}

/** Keys that are refused: `bad-key`, and longer ones that begin so. */
export function isBadKey(key: string): boolean {
  return key.startsWith('bad-key');
}

/** A key as error messages show it: short ones whole, of longer ones both ends, so that a client has something to scrub. */
export function shownKey(key: string): string {
  return key.length <= 12 ? key : `${key.slice(0, 8)}${'*'.repeat(key.length - 12)}${key.slice(-4)}`;
}
