import type { MessageEvent } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SseSource } from '../../infra/sse/sse-source.js';
import { type FrameBatch, batchAfter, frame, messagesOf } from './frames.js';
import type { LiveStream } from './live-stream.js';
import type { StreamHub } from './stream-hub.js';
import type { StreamLog, StreamState } from './stream-log.js';
import { resyncOf, type Snapshot } from './stream-text.js';

const RETRY_MS = 500;
/**
 * A client may come back from a replica that was some milliseconds ahead of the log. After this time an id that is
 * still ahead belongs to events that were lost with their writer.
 */
const AHEAD_PATIENCE_MS = 2_000;
const AHEAD_POLL_MS = 50;

/**
 * One reader's place in a stream.
 *
 * A place that a client brings along is checked against the log before anything is sent: its number may be one that
 * an owner, lost since, had shown to its own readers and never logged, and that the next owner gave to another event.
 */
export class StreamCursor implements SseSource {
  /** The terminal event was read. */
  ended = false;
  onReady: () => void = () => undefined;
  private generation: number;
  private checked: boolean;
  private aheadSince = 0;
  private fetched: FrameBatch | null = null;
  private fetching = false;
  /** The stream changed while something was fetched: what was found may be old. */
  private missedChange = false;
  /** Nothing was found beyond the position: not looked for again before the stream changes. */
  private exhausted = false;
  private closed = false;

  constructor(
    private readonly stream: LiveStream,
    private readonly log: StreamLog,
    private position: number,
    private readonly hub: StreamHub,
    /** Whether the answer has ended although the log knows nothing of it (any more). */
    private readonly hasEnded: () => Promise<boolean>,
  ) {
    this.generation = stream.generation;
    // Nobody was ever sent more than the process that runs the stream has produced.
    if (stream.local && position > stream.head) this.position = 0;
    this.checked = this.position === 0;
    stream.addListener(this);
  }

  read(): MessageEvent[] | null {
    const batch = this.readBatch();

    return batch && messagesOf(batch.text);
  }

  /** Returns the next events as frames; null when they have to be fetched, or do not exist yet. */
  readBatch(): FrameBatch | null {
    if (this.fetching) return null;
    if (this.generation !== this.stream.generation) {
      this.generation = this.stream.generation;
      this.position = Math.min(this.position, this.stream.rewindTo);
      this.fetched = null;
    }
    const batch = this.fetched ?? (this.checked ? this.stream.readAfter(this.position) : null);
    if (!batch) {
      this.lookFurther();

      return null;
    }
    this.fetched = null;
    this.position = batch.last;
    this.ended = batch.terminal;

    return batch;
  }

  /** The stream tells that it has changed. */
  changed(): void {
    this.exhausted = false;
    if (this.fetching) this.missedChange = true;
    else this.onReady();
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.stream.removeListener(this);
    this.hub.release(this.stream);
  }

  private lookFurther(): void {
    const hasAll = this.checked && this.stream.head === this.position;
    if (hasAll || this.exhausted) return;
    this.fetching = true;
    this.missedChange = false;
    // Checking a position does not look for what comes after it: that is the next turn's.
    const looked = this.checked;
    void this.fetch().then((batch) => {
      this.fetching = false;
      this.fetched = batch;
      if (this.closed) return;
      this.exhausted = !batch && looked && this.checked && !this.missedChange;
      if (
        this.ended ||
        !this.exhausted ||
        this.generation !== this.stream.generation ||
        this.stream.readAfter(this.position)
      ) {
        this.exhausted = false;
        this.onReady();
      }
    });
  }

  private async fetch(): Promise<FrameBatch | null> {
    try {
      return this.checked ? await this.fromLog() : await this.check();
    } catch {
      // Redis is away. A run in this process can still tell the whole text; others are waited for.
      const snapshot = this.stream.snapshot?.();
      this.checked ||= snapshot !== undefined;
      if (snapshot && snapshot.seq > this.position) return this.resync(snapshot);
      await sleep(RETRY_MS);

      return null;
    }
  }

  /** Whether the position is one of the log's; if not, what to send in its place. */
  private async check(): Promise<FrameBatch | null> {
    const state = await this.log.state(this.stream.subtaskId);
    // Nothing is known of this stream (any more): whatever comes is new.
    if (state === null) return this.goOnFrom(0);
    if (this.isFromLostOwner(state)) return this.wholeText(state);
    if (this.position <= state.last) return this.goOnFrom(this.position);
    if (state.ended) return this.goOnFrom(0);
    if (this.lostPatience()) return this.startAgain();
    await sleep(AHEAD_POLL_MS);

    return null;
  }

  private isFromLostOwner({ base, ended, last }: StreamState): boolean {
    return base !== null && this.position > base && !(ended && this.position === last);
  }

  private goOnFrom(position: number): null {
    this.position = position;
    this.checked = true;

    return null;
  }

  private lostPatience(): boolean {
    this.aheadSince ||= Date.now();

    return Date.now() - this.aheadSince > AHEAD_PATIENCE_MS;
  }

  private async wholeText(state: StreamState): Promise<FrameBatch> {
    const text = this.stream.snapshot?.() ?? (await this.log.text(this.stream.subtaskId));
    this.checked = true;

    // The terminal event follows by itself.
    return this.resync({ ...text, seq: state.ended ? state.last - 1 : text.seq });
  }

  /** Makes the client drop what it has: number 0, because no event of the log says it. */
  private startAgain(): FrameBatch {
    this.checked = true;
    this.aheadSince = 0;
    const text = frame(this.stream.subtaskId, 0, { type: 'reset', attempt: 1, reason: 'log_lost' });

    return { first: 0, last: 0, text, terminal: false, selfContained: true };
  }

  private async fromLog(): Promise<FrameBatch | null> {
    const { position } = this;
    const batch = await this.log.read(this.stream.subtaskId, position);
    if (!batch) return this.beyondLog();
    if (batch.first <= position + 1) return batchAfter(batch, position);
    if (batch.selfContained) return batch;

    return (await this.snapshotAfter(position)) ?? batch;
  }

  /** The log has nothing after the position: all is read, or trimmed away, or the log has lost its end. */
  private async beyondLog(): Promise<FrameBatch | null> {
    if (this.stream.local) return null;
    const state = await this.log.state(this.stream.subtaskId);
    if (state === null && (await this.hasEnded())) {
      // The log has expired, or was lost, while it was read: who comes back is told by the database.
      this.ended = true;

      return null;
    }
    const last = state?.last ?? this.position;
    if (last > this.position) return this.snapshotAfter(this.position);
    if (last < this.position) this.checked = false;
    else this.stream.head = Math.max(this.stream.head, this.position);

    return null;
  }

  private async snapshotAfter(position: number): Promise<FrameBatch | null> {
    const snapshot = await this.log.readSnapshot(this.stream.subtaskId);

    return snapshot && snapshot.seq > position ? this.resync(snapshot) : null;
  }

  private resync(snapshot: Snapshot): FrameBatch {
    const { seq } = snapshot;
    const text = frame(this.stream.subtaskId, seq, resyncOf(this.stream.subtaskId, snapshot));

    return { first: seq, last: seq, text, terminal: false, selfContained: true };
  }
}
