/**
 * What all workers share. They are started by their processors, after the configuration is known and only in
 * processes with the role `worker`.
 */
export const WORKER_OPTIONS = {
  autorun: false,
  /** After Redis was away, look for work again soon; the library's 15 s would keep users waiting. */
  runRetryDelay: 1000,
} as const;
