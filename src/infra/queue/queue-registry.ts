import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { Queue } from 'bullmq';

/** All queues that the modules of this process have registered. */
@Injectable()
export class QueueRegistry implements OnModuleInit {
  constructor(private readonly discovery: DiscoveryService) {}

  /**
   * Without a listener the library prints every failed attempt to connect, which the connections report themselves.
   * Failed commands still reject.
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
