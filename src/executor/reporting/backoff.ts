const FIRST_MS = 250;
const MAX_MS = 5000;

/** Grows with each failure, up to 5 s; differs between executors, so that they do not all return at once. */
export function backoffMs(failures: number): number {
  const most = Math.min(MAX_MS, FIRST_MS * 2 ** Math.min(failures, 10));

  return most * (0.5 + Math.random() / 2);
}
