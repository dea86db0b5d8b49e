import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { keys } from '../../infra/redis/keys.js';
import { RedisClients } from '../../infra/redis/redis-clients.js';

/** How often readers of a silent log look into it all the same: covers a lost message. */
const RECHECK_MS = 5_000;

/** Tells the readers of one user's log when it has grown. */
export class TaskFeed {
  /** Grows with every sign of news. */
  version = 0;
  /** Grows when the connection had been away: changes may have been lost, only a snapshot is sure. */
  generation = 0;
  readers = 0;
  private readonly waiting = new Set<() => void>();

  constructor(readonly userId: number) {}

  notify(): void {
    this.version += 1;
    for (const wake of [...this.waiting]) wake();
  }

  doubt(): void {
    this.generation += 1;
    this.notify();
  }

  /** Resolves when there was news after version `seen`, or at the signal. */
  changed(seen: number, signal: AbortSignal): Promise<void> {
    if (this.version !== seen || signal.aborted) return Promise.resolve();

    return new Promise((resolve) => {
      const wake = () => {
        this.waiting.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.waiting.add(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  }
}

/** The logs that somebody reads in this process: one subscription per user, on the process's one connection for it. */
@Injectable()
export class TaskFeeds implements OnModuleInit, OnApplicationShutdown {
  private readonly log = new Logger('TaskFeeds');
  private readonly feeds = new Map<string, TaskFeed>();
  private recheck: NodeJS.Timeout | undefined;

  constructor(private readonly redis: RedisClients) {}

  onModuleInit(): void {
    this.redis.subscriber.on('message', (channel: string) => this.feeds.get(channel)?.notify());
    this.redis.subscriber.on('ready', () => this.feeds.forEach((feed) => feed.doubt()));
    this.recheck = setInterval(() => this.feeds.forEach((feed) => feed.notify()), RECHECK_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.recheck);
  }

  /** Adds a reader. Resolves when the subscription stands: what is logged from then on is told. */
  async acquire(userId: number): Promise<TaskFeed> {
    const channel = keys.taskEventsLive(userId);
    const feed = this.feeds.get(channel) ?? new TaskFeed(userId);
    this.feeds.set(channel, feed);
    feed.readers += 1;
    try {
      // Again for every reader, as the answer tells that the first one's subscription stands.
      await this.redis.subscriber.subscribe(channel);
    } catch (error) {
      // The client subscribes again by itself when it is back; until then readers look into the log.
      this.log.warn(`cannot subscribe to the tasks of user ${userId}: ${(error as Error).message}`);
    }

    return feed;
  }

  release(feed: TaskFeed): void {
    feed.readers -= 1;
    const channel = keys.taskEventsLive(feed.userId);
    if (feed.readers > 0 || !this.feeds.delete(channel)) return;
    this.redis.subscriber.unsubscribe(channel).catch(() => undefined);
  }
}
