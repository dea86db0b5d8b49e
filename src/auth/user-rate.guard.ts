import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { AuthenticatedRequest } from './auth-user.js';
import { UserRates } from './user-rates.js';

/** Global guard after the one that identifies the caller: limits the requests of each user. */
@Injectable()
export class UserRateGuard implements CanActivate {
  constructor(private readonly rates: UserRates) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const { user } = context.switchToHttp().getRequest<AuthenticatedRequest>();
    if (user) await this.rates.consume(user.id);

    return true;
  }
}
