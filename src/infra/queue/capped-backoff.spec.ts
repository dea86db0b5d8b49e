import { describe, expect, it } from '@jest/globals';
import type { BackoffStrategy } from 'bullmq';
import { cappedBackoff } from './capped-backoff.js';

const delays = (backoff: BackoffStrategy, attempts: readonly number[]) => attempts.map((attempt) => backoff(attempt));

describe('cappedBackoff', () => {
  it('doubles the delay up to the cap, however many attempts there were', () => {
    const backoff = cappedBackoff({ baseMs: 100, capMs: 5000 });
    expect(delays(backoff, [1, 2, 3, 6, 7, 1000, 100_000])).toEqual([100, 200, 400, 3200, 5000, 5000, 5000]);
  });

  it('grows by another factor', () => {
    const backoff = cappedBackoff({ baseMs: 1000, capMs: 10_000, factor: 4 });
    expect(delays(backoff, [1, 2, 3])).toEqual([1000, 4000, 10_000]);
  });

  it('adds a random share', () => {
    const backoff = cappedBackoff({ baseMs: 1000, capMs: 1000, jitter: 0.2 });
    for (const delay of delays(
      backoff,
      Array.from({ length: 50 }, () => 1),
    )) {
      expect(delay).toBeGreaterThanOrEqual(1000);
      expect(delay).toBeLessThanOrEqual(1200);
    }
  });
});
