import type { BackoffStrategy } from 'bullmq';

/** Option `backoff` of jobs whose delays the processor of their queue computes. */
export const CAPPED_BACKOFF = { type: 'capped' } as const;

interface CappedBackoff {
  /** Milliseconds before the second attempt. */
  baseMs: number;
  /** No delay is longer, random share aside. */
  capMs: number;
  /** By what each delay is longer than the one before; 2 by default. */
  factor?: number;
  /** Largest random share added to a delay, so that jobs that failed together come apart; 0 by default. */
  jitter?: number;
}

/** Delays that grow exponentially up to a cap. The library's own `exponential` has no cap. */
export function cappedBackoff({ baseMs, capMs, factor = 2, jitter = 0 }: CappedBackoff): BackoffStrategy {
  return (attemptsMade) => {
    const delay = Math.min(baseMs * factor ** (attemptsMade - 1), capMs);

    return Math.round(delay * (1 + jitter * Math.random()));
  };
}
