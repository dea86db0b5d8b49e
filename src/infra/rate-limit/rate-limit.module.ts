import { Global, Module } from '@nestjs/common';
import { RedisClients } from '../redis/redis-clients.js';
import { RateLimits } from './rate-limits.js';

/** Offers {@link RateLimits} to every module. */
@Global()
@Module({
  providers: [
    {
      provide: RateLimits,
      inject: [RedisClients],
      useFactory: (redis: RedisClients) => new RateLimits(redis.commands),
    },
  ],
  exports: [RateLimits],
})
export class RateLimitModule {}
