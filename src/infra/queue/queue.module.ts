import { BullModule } from '@nestjs/bullmq';
import { Module } from '@nestjs/common';
import { QUEUE_PREFIX } from '../redis/keys.js';
import { RedisClients } from '../redis/redis-clients.js';

/** Connects BullMQ to Redis. Features register their own queues. */
@Module({
  imports: [
    BullModule.forRootAsync({
      inject: [RedisClients],
      useFactory: (redis: RedisClients) => ({ connection: redis.queues, prefix: QUEUE_PREFIX }),
    }),
  ],
})
export class QueueModule {}
