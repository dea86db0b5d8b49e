import {
  type BeforeApplicationShutdown,
  type CanActivate,
  type ExecutionContext,
  Injectable,
  Logger,
  type MessageEvent,
  Module,
} from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { finished } from 'node:stream/promises';
import { Counter, Gauge } from 'prom-client';
import { EMPTY, interval, Observable, Subject } from 'rxjs';
import { AppError } from '../../common/app-error.js';
import { AppConfig } from '../../config/app-config.js';
import { logLine } from '../database/database-errors.js';
import { SseSubscription } from './sse-subscription.js';
import type { OpenSseSource } from './sse-source.js';

/** How long the last events of open streams may take to be sent at shutdown. */
const CLOSE_MS = 1_000;

const open = new Gauge({ name: 'conch_sse_connections', help: 'Open event streams' });
const dropped = new Counter({
  name: 'conch_sse_dropped_total',
  help: 'Event streams whose client read nothing for four pings',
});

/** A request of an identified user, or of another caller whose streams are counted apart. */
interface UserRequest extends FastifyRequest {
  user?: { id: number };
  streamsOf?: string;
}

const userOf = (request: UserRequest) => request.user?.id ?? request.streamsOf ?? null;

/** The event streams of this process, as Observables for handlers with `@Sse`. */
@Injectable()
export class SseStreams implements BeforeApplicationShutdown {
  private readonly log = new Logger(SseStreams.name);
  private readonly pings: Observable<number>;
  private readonly closing = new Subject<void>();
  private readonly replies = new Set<FastifyReply>();
  /** Numbers of open streams, by user. */
  private readonly counts = new Map<number | string | null, number>();

  constructor(private readonly config: AppConfig) {
    this.pings = interval(config.server.ssePingMs);
  }

  /** Number of streams that are open. */
  get size(): number {
    return this.replies.size;
  }

  /**
   * Returns the events of a source, emitted no faster than the client receives them. The source is opened when Nest
   * subscribes, and closed when the client disconnects, the source ends or the process stops. HEAD opens nothing.
   * @throws AppError too_many_streams, through the Observable, when streams were opened since {@link requirePlace}
   */
  from(reply: FastifyReply, openSource: OpenSseSource): Observable<MessageEvent> {
    if (reply.request.method === 'HEAD') return EMPTY;

    return new Observable((subscriber) => {
      this.requirePlace(reply.request);
      this.add(reply);
      const subscription = new SseSubscription(subscriber, reply.raw, (error) => {
        this.log.error(`an event stream broke: ${logLine(error)}`);
        subscriber.complete();
      });
      subscriber.add(() => {
        subscription.close();
        this.remove(reply);
      });
      subscriber.add(
        this.pings.subscribe(() => {
          if (!subscription.ping()) dropped.inc();
        }),
      );
      subscriber.add(this.closing.subscribe(() => subscription.goAway()));
      void subscription.start(openSource);
    });
  }

  /** Like {@link from}; for null an empty reply of status 204, after which an EventSource does not reconnect. */
  fromOrEmpty(reply: FastifyReply, openSource: OpenSseSource | null): Observable<MessageEvent> {
    if (openSource) return this.from(reply, openSource);
    reply.status(204);

    return EMPTY;
  }

  /** Ends all streams: clients reconnect after a random delay, each to a replica that still runs. */
  async beforeApplicationShutdown(): Promise<void> {
    const signal = AbortSignal.timeout(CLOSE_MS);
    const ends = [...this.replies].map(({ raw }) => finished(raw, { signal, cleanup: true }).catch(() => undefined));
    this.closing.next();
    await Promise.all(ends);
  }

  /** @throws AppError too_many_streams */
  requirePlace(request: FastifyRequest): void {
    const { maxStreamsPerUser } = this.config.server;
    if ((this.counts.get(userOf(request)) ?? 0) < maxStreamsPerUser) return;
    throw new AppError(
      'too_many_streams',
      `You have ${maxStreamsPerUser} open event streams: close one (the limit is MAX_STREAMS_PER_USER)`,
    );
  }

  private add(reply: FastifyReply): void {
    this.replies.add(reply);
    this.count(reply, 1);
  }

  private remove(reply: FastifyReply): void {
    if (this.replies.delete(reply)) this.count(reply, -1);
  }

  private count({ request }: FastifyReply, change: 1 | -1): void {
    const user = userOf(request);
    const count = (this.counts.get(user) ?? 0) + change;
    if (count > 0) this.counts.set(user, count);
    else this.counts.delete(user);
    open.set(this.replies.size);
  }
}

/** Refuses event streams beyond the limit of the user, before the request has any effect. */
@Injectable()
export class StreamLimitGuard implements CanActivate {
  constructor(private readonly streams: SseStreams) {}

  canActivate(context: ExecutionContext): boolean {
    this.streams.requirePlace(context.switchToHttp().getRequest<FastifyRequest>());

    return true;
  }
}

/** The event streams of this process: one instance for all features. */
@Module({ providers: [SseStreams], exports: [SseStreams] })
export class SseModule {}
