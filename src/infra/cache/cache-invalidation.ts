import {
  type CallHandler,
  type ExecutionContext,
  Global,
  Injectable,
  Logger,
  Module,
  type NestInterceptor,
  type OnModuleInit,
} from '@nestjs/common';
import { EventEmitter2, OnEvent } from '@nestjs/event-emitter';
import type { FastifyRequest } from 'fastify';
import { mergeMap, type Observable } from 'rxjs';
import { CacheInvalidatedEvent, UserChangedEvent } from '../../common/contracts/domain-events.js';
import { type BusMessages, type BusTopic, RedisBus } from '../redis/redis.bus.js';

/** Publishes {@link CacheInvalidatedEvent} in this process; {@link CacheInvalidationRelay} forwards it to the others. */
@Injectable()
export class CacheInvalidation {
  constructor(private readonly events: EventEmitter2) {}

  /** Invalidates the caches of all processes after a change was stored. Never throws. */
  async invalidate(): Promise<void> {
    await this.events.emitAsync(CacheInvalidatedEvent.eventName, new CacheInvalidatedEvent(false));
  }
}

/** Invalidates caches after every successful call of a controller that is not a GET. */
@Injectable()
export class CacheInvalidationInterceptor implements NestInterceptor {
  constructor(private readonly caches: CacheInvalidation) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { method } = context.switchToHttp().getRequest<FastifyRequest>();
    if (method === 'GET') return next.handle();

    return next.handle().pipe(
      mergeMap(async (reply: unknown) => {
        await this.caches.invalidate();

        return reply;
      }),
    );
  }
}

/** Offers {@link CacheInvalidation} to all modules. */
@Global()
@Module({ providers: [CacheInvalidation], exports: [CacheInvalidation] })
export class CacheInvalidationModule {}

/** Relays {@link CacheInvalidatedEvent} and {@link UserChangedEvent} between the processes of an installation. */
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
    await this.bus.on('user', ({ userName }) =>
      this.events.emit(UserChangedEvent.eventName, new UserChangedEvent(userName, true)),
    );
  }

  /** Publishes a change of this process to the others. Never throws: their caches expire within seconds. */
  @OnEvent(CacheInvalidatedEvent.eventName)
  async announce({ isForeign }: CacheInvalidatedEvent): Promise<void> {
    if (!isForeign) await this.publish('catalog', {});
  }

  /** Publishes a changed account of this process to the others. Never throws. */
  @OnEvent(UserChangedEvent.eventName)
  async announceUser({ userName, isForeign }: UserChangedEvent): Promise<void> {
    if (!isForeign) await this.publish('user', { userName });
  }

  private async publish<Topic extends BusTopic>(topic: Topic, message: BusMessages[Topic]): Promise<void> {
    try {
      await this.bus.publish(topic, message);
    } catch (error) {
      this.log.warn(`change not announced: ${(error as Error).message}`);
    }
  }
}
