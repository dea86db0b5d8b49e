import type { MessageEvent } from '@nestjs/common';
import type { SseSource } from './sse-source.js';

/** Reads the events of a stream, one request to the stores at a time. */
export interface SseReader {
  /** Nothing comes after what {@link next} has returned. */
  readonly ended: boolean;
  /** Resolves with the next events, or with none when the reader is closed. Never throws. */
  next(): Promise<readonly MessageEvent[]>;
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
