import { Injectable } from '@nestjs/common';
import { BurstyRateLimiter } from 'rate-limiter-flexible';
import { AppError } from '../common/app-error.js';
import { AppConfig } from '../config/app-config.js';
import { RateLimits, secondsToWait } from '../infra/rate-limit/rate-limits.js';

/** Window in which the requests beyond the rate are counted. */
const BURST_SECONDS = 10;

/** Limits the requests of each user, for all replicas together. */
@Injectable()
export class UserRates {
  private readonly limiter: BurstyRateLimiter | null;

  constructor(config: AppConfig, limits: RateLimits) {
    const { requestsPerSecond, requestBurst } = config.quotas;
    const burst = Math.max(0, requestBurst - requestsPerSecond);
    this.limiter =
      config.auth.mode === 'off' || requestsPerSecond === 0
        ? null
        : new BurstyRateLimiter(
            limits.create({ name: 'requests', points: requestsPerSecond, seconds: 1 }),
            limits.create({ name: 'requests:burst', points: burst, seconds: BURST_SECONDS }),
          );
  }

  /** Counts a request. @throws AppError too_many_requests */
  async consume(userId: number): Promise<void> {
    if (!this.limiter) return;
    const retryAfter = await secondsToWait(this.limiter.consume(userId));
    if (retryAfter === 0) return;
    throw new AppError('too_many_requests', 'You send too many requests: send fewer a second', { retryAfter });
  }
}
