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
import { EventEmitter2 } from '@nestjs/event-emitter';
import type { FastifyRequest } from 'fastify';
import { mergeMap, type Observable } from 'rxjs';
import { CacheInvalidatedEvent } from '../../common/domain-events.js';
import { RedisBus } from '../redis/redis.bus.js';

/** Publishes {@link CacheInvalidatedEvent} in all processes when a model, shell, bot or team was changed in one of them. */
@Injectable()
export class CacheInvalidation implements OnModuleInit {
  private readonly log = new Logger(CacheInvalidation.name);

  constructor(
    private readonly events: EventEmitter2,
    private readonly bus: RedisBus,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.bus.on('catalog', () => void this.invalidateLocal());
  }

  /** Invalidates the caches of all processes after a change was stored. Never throws. */
  async invalidate(): Promise<void> {
    await this.invalidateLocal();
    try {
      await this.bus.publish('catalog', {});
    } catch (error) {
      // Caches of other processes expire within seconds.
      this.log.warn(`change not announced: ${(error as Error).message}`);
    }
  }

  private async invalidateLocal(): Promise<void> {
    await this.events.emitAsync(CacheInvalidatedEvent.eventName, new CacheInvalidatedEvent());
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
