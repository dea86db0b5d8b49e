import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { EventEmitter, once } from 'node:events';
import { RedisClients } from './redis-clients.js';

/** How often readers of a silent channel check for changes: covers a lost message. */
const RECHECK_MS = 5_000;

/** Notifies the readers of one channel of changes. Messages only wake them: they read the state itself. */
export class ChannelSubscription extends EventEmitter {
  /** Grows with every notification. */
  version = 0;
  /** Grows when the connection was lost: messages may be missing. */
  generation = 0;
  readers = 0;

  constructor(readonly channel: string) {
    super();
    this.setMaxListeners(0);
  }

  notify(): void {
    this.version += 1;
    this.emit('changed');
  }

  /** Notifies the readers that messages may be lost. */
  invalidate(): void {
    this.generation += 1;
    this.notify();
  }

  /** Resolves when the version is newer than `seen`, or at the signal. */
  async changed(seen: number, signal: AbortSignal): Promise<void> {
    if (this.version === seen && !signal.aborted) await once(this, 'changed', { signal }).catch(() => undefined);
  }
}

/** Subscribes to the channels that this process reads, once each, over its one subscriber connection. */
@Injectable()
export class ChannelSubscriptions implements OnModuleInit, OnApplicationShutdown {
  private readonly log = new Logger(ChannelSubscriptions.name);
  private readonly subscriptions = new Map<string, ChannelSubscription>();
  private recheck: NodeJS.Timeout | undefined;

  constructor(private readonly redis: RedisClients) {}

  onModuleInit(): void {
    this.redis.subscriber.on('message', (channel: string) => this.subscriptions.get(channel)?.notify());
    this.redis.subscriber.on('ready', () => this.subscriptions.forEach((subscription) => subscription.invalidate()));
    this.recheck = setInterval(
      () => this.subscriptions.forEach((subscription) => subscription.notify()),
      RECHECK_MS,
    ).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.recheck);
  }

  /** Adds a reader. Resolves when the subscription is active: later messages are delivered. */
  async acquire(channel: string): Promise<ChannelSubscription> {
    const subscription = this.subscriptions.get(channel) ?? new ChannelSubscription(channel);
    this.subscriptions.set(channel, subscription);
    subscription.readers += 1;
    try {
      // For every reader again: the reply confirms that the first reader's subscription is active.
      await this.redis.subscriber.subscribe(channel);
    } catch (error) {
      // The client subscribes again after a reconnect; until then the regular check notifies readers.
      this.log.warn(`cannot subscribe to ${channel}: ${(error as Error).message}`);
    }

    return subscription;
  }

  /** Removes a reader, and unsubscribes after the last one. */
  release(subscription: ChannelSubscription): void {
    subscription.readers -= 1;
    if (subscription.readers > 0 || !this.subscriptions.delete(subscription.channel)) return;
    this.redis.subscriber.unsubscribe(subscription.channel).catch(() => undefined);
  }
}
