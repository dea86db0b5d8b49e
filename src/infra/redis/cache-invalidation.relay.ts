import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { CacheInvalidation } from '../cache/cache-invalidation.js';
import { RedisBus } from './redis.bus.js';

/** Takes catalog changes from process to process. */
@Injectable()
export class CacheInvalidationRelay implements OnModuleInit {
  private readonly log = new Logger(CacheInvalidationRelay.name);

  constructor(
    private readonly bus: RedisBus,
    private readonly changes: CacheInvalidation,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.bus.on('catalog', () => this.changes.invalidateLocal());
    this.changes.relayBy(async () => {
      try {
        await this.bus.publish('catalog', {});
      } catch (error) {
        // Copies elsewhere live on for some seconds.
        this.log.warn(`change not announced: ${(error as Error).message}`);
      }
    });
  }
}
