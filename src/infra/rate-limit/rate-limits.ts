import {
  type RateLimiterAbstract,
  RateLimiterMemory,
  RateLimiterRedis,
  RLWrapperTimeouts,
} from 'rate-limiter-flexible';
import { isJsonObject } from '../../common/text/json.js';
import { keys } from '../redis/keys.js';
import type { RedisClient } from '../redis/redis-clients.js';

/** How long Redis may be silent until this process counts by itself. */
const TIMEOUT_MS = 500;

export interface Limit {
  name: string;
  /** Per key, within a window that begins with its first point. */
  points: number;
  seconds: number;
}

/**
 * Creates counters that all processes share by Redis. While Redis does not answer, or has no memory left, each process
 * counts by itself.
 */
export class RateLimits {
  /** @param redis null: this process counts by itself */
  constructor(private readonly redis: RedisClient | null) {}

  create({ name, points, seconds }: Limit): RateLimiterAbstract {
    const options = { keyPrefix: keys.rateLimit(name), points, duration: seconds };
    const insuranceLimiter = new RateLimiterMemory(options);
    if (!this.redis) return insuranceLimiter;
    const limiter = new RateLimiterRedis({ ...options, storeClient: this.redis, insuranceLimiter });

    return new RLWrapperTimeouts({ limiter, insuranceLimiter, timeoutMs: TIMEOUT_MS });
  }
}

/**
 * Returns how long to wait, in seconds, when points were refused; 0 when they were granted.
 * @throws any other error
 */
export async function secondsToWait(consumed: Promise<unknown>): Promise<number> {
  try {
    await consumed;

    return 0;
  } catch (refusal) {
    // The library rejects with a RateLimiterRes, which is no Error.
    if (refusal instanceof Error || !isJsonObject(refusal) || typeof refusal.msBeforeNext !== 'number') throw refusal;

    return Math.max(1, Math.ceil(refusal.msBeforeNext / 1000));
  }
}
