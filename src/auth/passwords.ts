import { hash, verify } from '@node-rs/argon2';

/** The hash of a random password: makes a login for an unknown user take as long as for a known one. */
let dummyHash: Promise<string> | undefined;

/** argon2id with the library's parameters (OWASP's minimum). */
export function hashPassword(password: string): Promise<string> {
  return hash(password);
}

/** Whether a password is the one of a hash. Without a hash the same work is done, and the answer is no. */
export async function passwordMatches(password: string, stored: string | null | undefined): Promise<boolean> {
  if (stored) return verify(stored, password).catch(() => false);
  dummyHash ??= hash(crypto.randomUUID());
  await verify(await dummyHash, password);

  return false;
}
