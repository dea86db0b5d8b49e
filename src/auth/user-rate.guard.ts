import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { BurstyRateLimiter } from 'rate-limiter-flexible';
import { AppError } from '../common/app-error.js';
import { AppConfig } from '../config/app-config.js';
import { RateLimits, secondsToWait } from '../infra/rate-limit/rate-limits.js';
import type { AuthenticatedRequest } from './auth-user.js';

/** Window in which the requests beyond the rate are counted. */
const BURST_SECONDS = 10;

/** Global guard after the one that identifies the caller: limits the requests of each user, for all replicas together. */
@Injectable()
export class UserRateGuard implements CanActivate {
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

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const { user } = context.switchToHttp().getRequest<AuthenticatedRequest>();
    if (!this.limiter || !user) return true;
    const retryAfter = await secondsToWait(this.limiter.consume(user.id));
    if (retryAfter === 0) return true;
    throw new AppError('too_many_requests', 'You send too many requests: send fewer a second', { retryAfter });
  }
}
