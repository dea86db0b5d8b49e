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
export function withinOr<T, F>(ms: number, fallback: F, work: Promise<T>): Promise<T | F> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms, fallback);
    work.finally(() => clearTimeout(timer)).then(resolve, reject);
  });
}
