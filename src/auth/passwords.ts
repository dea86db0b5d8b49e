import { hash, verify } from '@node-rs/argon2';

/** The hash of a random password: a login of an unknown user lasts as long as that of a known one. */
let dummyHash: Promise<string> | undefined;

/** Hashes a password by argon2id with the library's parameters (OWASP's minimum). */
export function hashPassword(password: string): Promise<string> {
  return hash(password);
}

/** Compares a password with a hash. Without a hash it does the same work and returns false. */
export async function passwordMatches(password: string, stored: string | null | undefined): Promise<boolean> {
  if (stored) return verify(stored, password).catch(() => false);
  dummyHash ??= hash(crypto.randomUUID());
  await verify(await dummyHash, password);

  return false;
}
