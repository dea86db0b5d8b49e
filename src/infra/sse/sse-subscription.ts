import type { MessageEvent } from '@nestjs/common';
import type { ServerResponse } from 'node:http';
import type { Subscriber } from 'rxjs';
import type { OpenSseSource, SseSource } from './sse-source.js';

/** A client that receives nothing for this many pings is disconnected. */
const MAX_MISSED_PINGS = 4;
/** Characters emitted in one turn of the event loop: Nest disconnects a slow client for which 4 Mi of them wait. */
const MAX_CHARS_PER_TURN = 256 * 1024;

/** One response: emits the events of a source, and none while the response waits for `drain`. */
export class SseSubscription {
  private source: SseSource | null = null;
  /** Events that were read; those from `index` on are not emitted yet. */
  private events: readonly MessageEvent[] = [];
  private index = 0;
  private lastId = '';
  private isClosed = false;
  /** Whether the subscription waits for the next turn of the event loop, or for `drain`. */
  private isPaused = false;
  private missedPings = 0;

  /** @param onError called with what the source throws */
  constructor(
    private readonly subscriber: Subscriber<MessageEvent>,
    private readonly response: ServerResponse,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Sends the head of the response at once, then what the source has. */
  async start(openSource: OpenSseSource): Promise<void> {
    // The error of a reset connection would end the process without a listener.
    this.response.on('error', () => this.subscriber.complete());
    this.subscriber.next({ comment: 'ok' });
    try {
      const source = await openSource();
      source.onReady = () => this.pump();
      this.source = source;
      if (this.isClosed) this.close();
      this.pump();
    } catch (error) {
      this.onError(error);
    }
  }

  /** Keeps the connection open, and ends the stream of one that is gone. @returns false when the client was disconnected */
  ping(): boolean {
    if (isGone(this.response)) {
      this.subscriber.complete();

      return true;
    }
    if (!this.response.writableNeedDrain) {
      this.missedPings = 0;
      this.subscriber.next({ comment: 'ping' });

      return true;
    }
    this.missedPings += 1;
    if (this.missedPings < MAX_MISSED_PINGS) return true;
    this.response.destroy();

    return false;
  }

  /** Ends the response, with a delay for the client's reconnect. Without an id Nest would generate one. */
  goAway(): void {
    this.subscriber.next({ retry: Math.round(500 + Math.random() * 2000), id: this.lastId });
    this.subscriber.complete();
  }

  /** Releases the source. */
  close(): void {
    this.isClosed = true;
    this.source?.close();
    this.source = null;
  }

  /** Never throws: it is called by the run that has just pushed an event. */
  private pump(): void {
    if (this.isPaused) return;
    try {
      this.emit();
    } catch (error) {
      this.onError(error);
    }
  }

  private emit(): void {
    for (let chars = 0; this.source;) {
      if (this.response.writableNeedDrain) return this.pauseUntil('drain');
      if (chars > MAX_CHARS_PER_TURN) return this.pauseUntil('nextTurn');
      const event = this.nextEvent(this.source);
      if (!event) {
        if (this.source.ended) this.subscriber.complete();

        return;
      }
      this.lastId = event.id ?? this.lastId;
      this.subscriber.next(event);
      chars += (event.data as string).length;
    }
  }

  private nextEvent(source: SseSource): MessageEvent | undefined {
    if (this.index >= this.events.length) {
      this.events = source.ended ? [] : (source.read() ?? []);
      this.index = 0;
    }
    this.index += 1;

    return this.events[this.index - 1];
  }

  /** Resumes a turn after `drain`, when Nest has written its buffered events. */
  private pauseUntil(end: 'drain' | 'nextTurn'): void {
    this.isPaused = true;
    const resume = () => {
      this.isPaused = false;
      this.pump();
    };
    if (end === 'nextTurn') return void setImmediate(resume);
    this.response.once('drain', () => {
      this.missedPings = 0;
      setImmediate(resume);
    });
  }
}

/**
 * Whether no byte of a response can reach its client any more. Also true for a pipelined request whose turn has not come:
 * Node gives its response no socket before the response in front has ended, and does not read the connection, and so
 * does not notice its end, while such responses wait.
 */
function isGone({ destroyed, socket, req }: ServerResponse): boolean {
  return destroyed || req.socket.destroyed || !socket?.writable;
}
