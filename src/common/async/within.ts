import { setTimeout as sleep } from 'node:timers/promises';

const LATE = Symbol('late');

/** Work took longer than it may. */
export class DeadlineError extends Error {}

/**
 * Waits for `work`, but at most `ms` milliseconds.
 * @throws what the work throws, or a DeadlineError with `message` when it takes longer; the work itself continues
 */
export async function within<T>(ms: number, message: string, work: Promise<T>): Promise<T> {
  const result = await withinOr(ms, LATE, work);
  if (result === LATE) throw new DeadlineError(message);

  return result;
}

/**
 * Waits for `work`, but at most `ms` milliseconds.
 * @returns `fallback` when it takes longer; the work itself continues
 * @throws what the work throws
 */
export async function withinOr<T, F>(ms: number, fallback: F, work: Promise<T>): Promise<T | F> {
  const timer = new AbortController();
  try {
    return await Promise.race([work, sleep(ms, fallback, { signal: timer.signal })]);
  } finally {
    timer.abort();
  }
}
