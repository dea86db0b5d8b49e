import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { EventEmitter2, OnEvent } from '@nestjs/event-emitter';
import { CacheInvalidatedEvent } from '../../common/domain-events.js';
import { RedisBus } from './redis.bus.js';

/** Relays {@link CacheInvalidatedEvent} between the processes of an installation. */
@Injectable()
export class CacheInvalidationRelay implements OnModuleInit {
  private readonly log = new Logger(CacheInvalidationRelay.name);

  constructor(
    private readonly bus: RedisBus,
    private readonly events: EventEmitter2,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.bus.on('catalog', () =>
      this.events.emit(CacheInvalidatedEvent.eventName, new CacheInvalidatedEvent(true)),
    );
  }

  /** Announces a change of this process to the others. Never throws: their caches expire within seconds. */
  @OnEvent(CacheInvalidatedEvent.eventName)
  async announce({ isForeign }: CacheInvalidatedEvent): Promise<void> {
    if (isForeign) return;
    try {
      await this.bus.publish('catalog', {});
    } catch (error) {
      this.log.warn(`change not announced: ${(error as Error).message}`);
    }
  }
}
