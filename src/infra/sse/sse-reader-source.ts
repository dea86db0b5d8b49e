import type { MessageEvent } from '@nestjs/common';
import type { ChannelSubscription, ChannelSubscriptions } from '../redis/channel-subscriptions.js';
import type { OpenSseSource, SseSource } from './sse-source.js';

/** Reads the events of a stream, one request to the stores at a time. */
export interface SseReader {
  /** Nothing comes after what {@link next} has returned. */
  readonly ended: boolean;
  /** Resolves with the next events, or with none when the reader is closed. Never throws. */
  next(): Promise<readonly MessageEvent[]>;
}

/**
 * Opens a reader of what a channel announces. Subscribes before the reader reads, so that nothing falls between.
 * @param create makes the reader, which the signal closes
 */
export function openReader(
  subscriptions: ChannelSubscriptions,
  channel: string,
  create: (subscription: ChannelSubscription, signal: AbortSignal) => SseReader,
): OpenSseSource {
  return async () => {
    const subscription = await subscriptions.acquire(channel);
    const gone = new AbortController();

    return new SseReaderSource(create(subscription, gone.signal), () => {
      gone.abort();
      subscriptions.release(subscription);
    });
  };
}

/** A source that requests events of a reader when the response accepts them. */
export class SseReaderSource implements SseSource {
  ended = false;
  private events: readonly MessageEvent[] = [];
  private isReading = false;
  private isClosed = false;

  /** @param release called once, when the source is closed */
  constructor(
    private readonly reader: SseReader,
    private readonly release: () => void,
  ) {}

  onReady: () => void = () => undefined;

  read(): readonly MessageEvent[] | null {
    const { events } = this;
    if (events.length === 0) void this.request();
    this.events = [];
    this.ended = events.length > 0 && this.reader.ended;

    return events.length === 0 ? null : events;
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.release();
  }

  private async request(): Promise<void> {
    if (this.isReading || this.isClosed) return;
    this.isReading = true;
    this.events = await this.reader.next();
    this.isReading = false;
    if (this.events.length > 0) this.onReady();
  }
}
