import { Global, Module } from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';
import { EmbeddedParts } from '../embedded/embedded.module.js';
import { CacheInvalidationRelay } from '../cache/cache-invalidation.js';
import { ChannelSubscriptions } from './channel-subscriptions.js';
import { RedisBus } from './redis.bus.js';
import { RedisClients } from './redis-clients.js';
import { RedisMemory } from './redis-memory.js';

/** The connections to Redis, to the embedded server or a configured one. */
@Global()
@Module({
  providers: [
    RedisBus,
    CacheInvalidationRelay,
    ChannelSubscriptions,
    RedisMemory,
    {
      provide: RedisClients,
      inject: [AppConfig, EmbeddedParts],
      useFactory: (config: AppConfig, parts: EmbeddedParts) => RedisClients.connect(config.redis, parts.redisSocket),
    },
  ],
  exports: [RedisClients, RedisBus, ChannelSubscriptions, RedisMemory],
})
export class RedisModule {}
