import {
  type CallHandler,
  type ExecutionContext,
  Global,
  Injectable,
  Module,
  type NestInterceptor,
} from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { mergeMap, type Observable } from 'rxjs';

/**
 * Tells whoever keeps copies of models, shells, bots or teams that one of them has changed, in this process and,
 * through a relay, in the others.
 */
@Injectable()
export class CacheInvalidation {
  private readonly listeners: (() => void)[] = [];
  private relay: () => Promise<void> = () => Promise.resolve();

  onChange(listener: () => void): void {
    this.listeners.push(listener);
  }

  /** Takes changes to the other processes. */
  relayBy(relay: () => Promise<void>): void {
    this.relay = relay;
  }

  /** A change was stored here. */
  async invalidate(): Promise<void> {
    this.invalidateLocal();
    await this.relay();
  }

  /** A change was stored somewhere. */
  invalidateLocal(): void {
    for (const listener of this.listeners) listener();
  }
}

/** Announces a change after every successful call of a controller that is not a GET. */
@Injectable()
export class CacheInvalidationInterceptor implements NestInterceptor {
  constructor(private readonly changes: CacheInvalidation) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { method } = context.switchToHttp().getRequest<FastifyRequest>();
    if (method === 'GET') return next.handle();

    return next.handle().pipe(
      mergeMap(async (reply: unknown) => {
        await this.changes.invalidate();

        return reply;
      }),
    );
  }
}

@Global()
@Module({ providers: [CacheInvalidation], exports: [CacheInvalidation] })
export class CacheInvalidationModule {}
