import { BullModule } from '@nestjs/bullmq';
import { Global, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { QUEUE_PREFIX } from '../redis/keys.js';
import { RedisClients } from '../redis/redis-clients.js';
import { MaintenanceTasks } from './maintenance-tasks.js';
import { QueueRegistry } from './queue-registry.js';
import { QueueWorkers } from './queue-workers.js';

/** Connects BullMQ to Redis. Features register their own queues, and have processors that extend `QueueProcessor`. */
@Global()
@Module({
  imports: [
    DiscoveryModule,
    BullModule.forRootAsync({
      inject: [RedisClients],
      useFactory: (redis: RedisClients) => ({ connection: redis.queues, prefix: QUEUE_PREFIX }),
    }),
  ],
  providers: [QueueWorkers, QueueRegistry, MaintenanceTasks],
  exports: [QueueWorkers, QueueRegistry, MaintenanceTasks],
})
export class QueueModule {}
