import { Global, Module } from '@nestjs/common';
import { RedisClients } from '../redis/redis-clients.js';
import { ProbeSlots } from './probe-slots.js';
import { RateLimits } from './rate-limits.js';

/** Offers {@link RateLimits} to every module. */
@Global()
@Module({
  providers: [
    ProbeSlots,
    {
      provide: RateLimits,
      inject: [RedisClients],
      useFactory: (redis: RedisClients) => new RateLimits(redis.commands),
    },
  ],
  exports: [RateLimits, ProbeSlots],
})
export class RateLimitModule {}
