import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { RedisClients } from './redis-clients.js';

/** How often readers of a silent channel look for news all the same: covers a lost message. */
const RECHECK_MS = 5_000;

/** Tells the readers of one channel when there are news: messages are signs only, what they are about is read. */
export class ChannelSubscription {
  /** Grows with every sign of news. */
  version = 0;
  /** Grows when the connection had been away: messages may have been lost. */
  generation = 0;
  readers = 0;
  private readonly waiting = new Set<() => void>();

  constructor(readonly channel: string) {}

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

/** The channels that somebody listens to in this process: one subscription each, on the process's one connection for it. */
@Injectable()
export class ChannelSubscriptions implements OnModuleInit, OnApplicationShutdown {
  private readonly log = new Logger(ChannelSubscriptions.name);
  private readonly feeds = new Map<string, ChannelSubscription>();
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

  /** Adds a reader. Resolves when the subscription stands: what is published from then on is delivered. */
  async acquire(channel: string): Promise<ChannelSubscription> {
    const feed = this.feeds.get(channel) ?? new ChannelSubscription(channel);
    this.feeds.set(channel, feed);
    feed.readers += 1;
    try {
      // Again for every reader, as the answer tells that the first one's subscription stands.
      await this.redis.subscriber.subscribe(channel);
    } catch (error) {
      // The client subscribes again by itself when it is back; until then readers look from time to time.
      this.log.warn(`cannot subscribe to ${channel}: ${(error as Error).message}`);
    }

    return feed;
  }

  release(feed: ChannelSubscription): void {
    feed.readers -= 1;
    if (feed.readers > 0 || !this.feeds.delete(feed.channel)) return;
    this.redis.subscriber.unsubscribe(feed.channel).catch(() => undefined);
  }
}
