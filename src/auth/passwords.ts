import { hash, verify } from '@node-rs/argon2';
import { AppError } from '../common/app-error.js';
import { Semaphore } from '../common/async/semaphore.js';

/** Each hash occupies a thread of the process and 19 MiB for some 50 ms; two threads remain for files and names. */
const turns = new Semaphore(2);
/** How many may wait. Users who are known get in while strangers have filled their part of the line. */
const MAX_WAITING = { stranger: 8, known: 64 };

/** The hash of a random password: a login of an unknown user lasts as long as that of a known one. */
let dummyHash: Promise<string> | undefined;

/** Hashes a password by argon2id with the library's parameters (OWASP's minimum). @throws AppError service_unavailable */
export function hashPassword(password: string): Promise<string> {
  return inTurn('known', () => hash(password));
}

/**
 * Compares a password with a hash. Without a hash it does the same work and returns false.
 * @throws AppError service_unavailable, at once, when too many wait
 */
export function passwordMatches(
  password: string,
  stored: string | null | undefined,
  caller: keyof typeof MAX_WAITING = 'known',
): Promise<boolean> {
  return inTurn(caller, async () => {
    if (stored) return verify(stored, password).catch(() => false);
    dummyHash ??= hash(crypto.randomUUID());
    await verify(await dummyHash, password);

    return false;
  });
}

async function inTurn<T>(caller: keyof typeof MAX_WAITING, work: () => Promise<T>): Promise<T> {
  if (turns.waitingCount >= MAX_WAITING[caller]) {
    throw new AppError('service_unavailable', 'Too many passwords are being checked: try again', { retryAfter: 1 });
  }
  const release = await turns.acquire();
  try {
    return await work();
  } finally {
    release();
  }
}
