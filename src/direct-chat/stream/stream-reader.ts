import { Injectable } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Batch, batchAfter, frame } from './frames.js';
import type { LiveStream } from './live-stream.js';
import { StreamHub } from './stream-hub.js';
import { StreamLog } from './stream-log.js';
import type { Snapshot } from './stream-text.js';

const RETRY_MS = 500;
/**
 * A client may come back from a replica that was some milliseconds ahead of the log. After this time an id that is
 * still ahead belongs to events that were lost with their writer.
 */
const AHEAD_PATIENCE_MS = 2_000;
const AHEAD_POLL_MS = 50;

/** Opens streams for reading: from the log, then live, each event once and in order. */
@Injectable()
export class StreamReader {
  constructor(
    private readonly hub: StreamHub,
    private readonly log: StreamLog,
  ) {}

  /**
   * A place in a stream, after event `position`. Pulled: nothing is read on before the consumer asks.
   * When `signal` is aborted a waiting consumer is woken. The caller closes it.
   *
   * A position from after a take-over gets the whole text first: its number may be one that the lost owner had shown
   * to its own readers and never logged, and that the new owner gave to another event.
   */
  async open(subtaskId: number, position: number, signal: AbortSignal): Promise<StreamCursor> {
    const stream = await this.hub.acquire(subtaskId);
    const wake = () => stream.notify();
    signal.addEventListener('abort', wake, { once: true });
    const cursor = new StreamCursor(stream, this.log, position, () => {
      signal.removeEventListener('abort', wake);
      this.hub.release(stream);
    });
    if (position > 0) await cursor.begin();

    return cursor;
  }

  /** All events after `position` up to and with the terminal one; ends early, without an error, at the signal. */
  async *read(subtaskId: number, position: number, signal: AbortSignal): AsyncGenerator<Batch, void> {
    const cursor = await this.open(subtaskId, position, signal);
    try {
      while (!signal.aborted && !cursor.ended) {
        const batch = cursor.take();
        if (batch) yield batch;
        else await cursor.wait();
      }
    } finally {
      cursor.close();
    }
  }
}

/** One reader's place in a stream. */
export class StreamCursor {
  /** The terminal event was taken. */
  ended = false;
  private generation: number;
  private aheadSince = 0;
  private fetched: Batch | null = null;

  constructor(
    private readonly stream: LiveStream,
    private readonly log: StreamLog,
    private position: number,
    readonly close: () => void,
  ) {
    this.generation = stream.generation;
    // Nobody was ever sent more than the process that runs the stream has produced.
    if (stream.local && position > stream.head) this.position = 0;
  }

  /** The next events, if they are at hand. No promise: a token passes here without a detour. */
  take(): Batch | null {
    if (this.generation !== this.stream.generation) {
      this.generation = this.stream.generation;
      this.position = Math.min(this.position, this.stream.rewindTo);
      this.fetched = null;
    }
    const batch = this.fetched ?? this.stream.take(this.position);
    if (!batch) return null;
    this.fetched = null;
    this.position = batch.last;
    this.ended = batch.terminal;

    return batch;
  }

  /** Resolves when another {@link take} is worth while. */
  async wait(): Promise<void> {
    this.fetched = await this.catchUp();
    if (!this.fetched && this.hasAll()) await this.stream.changed();
  }

  /** Sees to a position from after a take-over. */
  async begin(): Promise<void> {
    this.fetched = await this.afterTakeOver();
  }

  /** The whole text, when the position may be from an owner that was lost; null otherwise. */
  private async afterTakeOver(): Promise<Batch | null> {
    const state = await this.log.state(this.stream.subtaskId).catch(() => null);
    const doubtful = state && state.base !== null && this.position > state.base;
    if (!doubtful || (state.ended && this.position === state.last)) return null;
    const text = this.stream.snapshot?.() ?? (await this.log.text(this.stream.subtaskId));
    // The terminal event follows by itself.
    this.position = state.ended ? state.last - 1 : text.seq;

    return this.resync({ ...text, seq: this.position });
  }

  private hasAll(): boolean {
    return this.aheadSince === 0 && this.generation === this.stream.generation && this.stream.take(this.position) === null;
  }

  /** What the log has after the position. */
  private async catchUp(): Promise<Batch | null> {
    if (this.stream.head === this.position) {
      this.aheadSince = 0;

      return null;
    }
    try {
      return await this.fromLog();
    } catch {
      // Redis is away. A run in this process can still tell the whole text; others are waited for.
      const snapshot = this.stream.snapshot?.();
      if (snapshot && snapshot.seq > this.position) return this.resync(snapshot);
      await sleep(RETRY_MS);

      return null;
    }
  }

  private async fromLog(): Promise<Batch | null> {
    const { position } = this;
    const batch = await this.log.read(this.stream.subtaskId, position);
    if (!batch) return this.beyondLog();
    if (this.aheadSince > 0) {
      this.aheadSince = 0;
      const whole = await this.afterTakeOver();
      if (whole) return whole;
    }
    if (batch.first <= position + 1) return batchAfter(batch, position);
    if (batch.selfContained) return batch;

    return (await this.snapshotAfter(position)) ?? batch;
  }

  /** The log has nothing after the position: all is read, or the position is from events that were never logged. */
  private async beyondLog(): Promise<Batch | null> {
    if (this.stream.local) return null;
    const state = await this.log.state(this.stream.subtaskId);
    const last = state?.last ?? this.position;
    if (last > this.position) return this.snapshotAfter(this.position);
    if (state && last < this.position) return this.ahead(state.ended);
    this.aheadSince = 0;
    this.stream.head = Math.max(this.stream.head, this.position);

    return null;
  }

  private async ahead(ended: boolean): Promise<Batch | null> {
    this.aheadSince ||= Date.now();
    if (!ended && Date.now() - this.aheadSince < AHEAD_PATIENCE_MS) {
      await sleep(AHEAD_POLL_MS);

      return null;
    }
    this.aheadSince = 0;
    this.position = 0;
    if (ended) return null;
    const { subtaskId } = this.stream;
    const text = frame(subtaskId, 0, { type: 'reset', attempt: 1, reason: 'log_lost' });

    return { first: 0, last: 0, text, terminal: false, selfContained: true };
  }

  private async snapshotAfter(position: number): Promise<Batch | null> {
    const snapshot = await this.log.readSnapshot(this.stream.subtaskId);

    return snapshot && snapshot.seq > position ? this.resync(snapshot) : null;
  }

  private resync({ seq, content, reasoning }: Snapshot): Batch {
    const text = frame(this.stream.subtaskId, seq, { type: 'resync', content, reasoning });

    return { first: seq, last: seq, text, terminal: false, selfContained: true };
  }
}
