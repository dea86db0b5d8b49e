import { Global, Injectable, Module, type OnModuleInit } from '@nestjs/common';
import { DiscoveryModule, DiscoveryService } from '@nestjs/core';
import { Queue } from 'bullmq';
import { BullModule } from '@nestjs/bullmq';
import { QUEUE_PREFIX } from '../redis/keys.js';
import { RedisClients } from '../redis/redis-clients.js';
import { MaintenanceTasks } from './maintenance-tasks.js';
import { QueueWorkers } from './queue-workers.js';

/** Finds the queues that the modules of this process have registered. */
@Injectable()
export class QueueRegistry implements OnModuleInit {
  constructor(private readonly discovery: DiscoveryService) {}

  /**
   * Adds error listeners: without one, BullMQ prints every failed attempt to connect, which the connections log
   * themselves. Failed commands still reject.
   */
  onModuleInit(): void {
    for (const queue of this.all()) queue.on('error', () => undefined);
  }

  /** The queues, in the order of their names. */
  all(): Queue[] {
    const instances = this.discovery.getProviders().map(({ instance }) => instance as unknown);
    const queues = new Set(instances.filter((instance): instance is Queue => instance instanceof Queue));

    return [...queues].sort((one, other) => one.name.localeCompare(other.name));
  }
}

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
