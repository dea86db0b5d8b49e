import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { CatalogChanges } from '../cache/cache-invalidation.js';
import { RedisBus } from './redis.bus.js';

/** Takes catalog changes from process to process. */
@Injectable()
export class CatalogRelay implements OnModuleInit {
  private readonly log = new Logger('CatalogRelay');

  constructor(
    private readonly bus: RedisBus,
    private readonly changes: CatalogChanges,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.bus.on('catalog', () => this.changes.tell());
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
