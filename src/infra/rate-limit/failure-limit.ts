import type { RateLimiterAbstract } from 'rate-limiter-flexible';
import { type RateLimits, secondsToWait } from './rate-limits.js';

const FIRST_DELAY_SECONDS = 5;

export interface FailureLimitOptions {
  name: string;
  /** Failures within the window that delay nothing. */
  free: number;
  windowSeconds: number;
  maxDelaySeconds: number;
  /** Called for a key whose free failures are used up. */
  onReached?: (key: string) => void;
}

/**
 * Delays attempts after failures: each further one has to wait twice as long, up to a limit, and one at a time may begin.
 * Nothing is ever locked.
 */
export class FailureLimit {
  private readonly failures: RateLimiterAbstract;
  /** Has one point, which returns after the delay. */
  private readonly gate: RateLimiterAbstract;

  constructor(
    limits: RateLimits,
    private readonly options: FailureLimitOptions,
  ) {
    const { name, free, windowSeconds, maxDelaySeconds } = options;
    this.failures = limits.create({ name, points: free, seconds: windowSeconds });
    this.gate = limits.create({ name: `${name}:gate`, points: 1, seconds: maxDelaySeconds });
  }

  /**
   * Counts an attempt as failed before its outcome is known, so that many at once do not all slip through.
   * @returns 0 when it may begin; otherwise the seconds to wait, and nothing is counted
   */
  async begin(key: string): Promise<number> {
    const failed = (await this.failures.get(key))?.consumedPoints ?? 0;
    if (failed < this.options.free) return this.beginFree(key);
    const wait = await this.pass(key, failed);
    if (wait === 0) await this.failures.penalty(key);

    return wait;
  }

  /** Does not count an attempt: it succeeded, or it was refused for another reason. */
  async refund(key: string): Promise<void> {
    await this.failures.reward(key);
  }

  /** Forgets all failures of a key. */
  async forget(key: string): Promise<void> {
    await Promise.all([this.failures.delete(key), this.gate.delete(key)]);
  }

  private async beginFree(key: string): Promise<number> {
    const { free, onReached } = this.options;
    const { consumedPoints: failed } = await this.failures.penalty(key);
    if (failed > free) {
      // Others of the same moment were faster.
      await this.refund(key);

      return FIRST_DELAY_SECONDS;
    }
    if (failed === free) {
      onReached?.(key);
      await this.pass(key, free);
    }

    return 0;
  }

  private pass(key: string, failed: number): Promise<number> {
    const { free, maxDelaySeconds } = this.options;
    const customDuration = Math.min(FIRST_DELAY_SECONDS * 2 ** (failed - free), maxDelaySeconds);

    return secondsToWait(this.gate.consume(key, 1, { customDuration }));
  }
}
