import type { MessageEvent } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SseSource } from '../../infra/sse/sse-source.js';
import { type FrameBatch, batchAfter, frame, messagesOf, RESTATED } from '../log/frames.js';
import type { LiveStream } from './live-stream.js';
import type { StreamHub } from './stream-hub.js';
import type { StreamLog, StreamState } from '../log/stream-log.js';
import { eventsOf, resyncOf, type Snapshot } from '../log/stream-text.js';

const RETRY_MS = 500;
/**
 * A client may come back from a replica that was some milliseconds ahead of the log. After this time an id that is
 * still ahead belongs to events that were lost with their writer.
 */
const AHEAD_PATIENCE_MS = 2_000;
const AHEAD_POLL_MS = 50;
/** How long the log may lag behind the end in the database before that counts as never logged. */
const END_LAG_MS = 3_000;

/**
 * One reader's position in a stream.
 *
 * The position of a resuming client is checked against the log before anything is sent: a lost owner may have sent that
 * number to its own readers without logging it, and the next owner has used it for another event.
 */
export class StreamCursor implements SseSource {
  /** The terminal event was read. */
  ended = false;
  onReady: () => void = () => undefined;
  private generation: number;
  private checked: boolean;
  private aheadSince = 0;
  private endMissingSince = 0;
  private fetched: FrameBatch | null = null;
  private fetching = false;
  /** The stream changed while something was fetched: what was found may be old. */
  private missedChange = false;
  /** Nothing was found beyond the position: not fetched again before the stream changes. */
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
    // A client cannot have more events than the run has produced.
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
      this.checked = this.position === 0;
      this.fetched = null;
    }
    const batch = this.fetched ?? (this.checked ? this.stream.readAfter(this.position) : null);
    if (!batch) {
      this.startFetch();

      return null;
    }
    this.fetched = null;
    this.position = batch.last;
    this.ended = batch.terminal;

    return batch;
  }

  /** Called by the stream when it has changed. */
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

  private startFetch(): void {
    const hasAll = this.checked && this.stream.head === this.position;
    if (hasAll || this.exhausted) return;
    this.fetching = true;
    this.missedChange = false;
    // The check of a position does not read what follows it.
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
      // Redis is unreachable: a run in this process still has the whole text; for others the cursor waits.
      const snapshot = this.stream.snapshot?.();
      this.checked ||= snapshot !== undefined;
      if (snapshot && snapshot.seq > this.position) return this.resync(snapshot);
      await sleep(RETRY_MS);

      return null;
    }
  }

  /** Checks the position against the log. Returns the events that replace a wrong one, else null. */
  private async check(): Promise<FrameBatch | null> {
    const state = await this.log.state(this.stream.subtaskId);
    // The stream is unknown or expired: every event is new.
    if (state === null) return this.resumeFrom(0);
    if (this.stream.enterLog(state.born)) return null;
    if (this.isFromLostOwner(state)) return this.wholeText(state);
    if (this.position <= state.last) return this.resumeFrom(this.position);
    if (state.ended) return this.resumeFrom(0);
    if (this.isAheadTooLong()) return this.resetClient();
    await sleep(AHEAD_POLL_MS);

    return null;
  }

  private isFromLostOwner({ base }: StreamState): boolean {
    return base !== null && this.position > base;
  }

  private resumeFrom(position: number): null {
    this.position = position;
    this.checked = true;

    return null;
  }

  private isAheadTooLong(): boolean {
    this.aheadSince ||= Date.now();

    return Date.now() - this.aheadSince > AHEAD_PATIENCE_MS;
  }

  private async wholeText(state: StreamState): Promise<FrameBatch> {
    const text = this.stream.snapshot?.() ?? (await this.log.text(this.stream.subtaskId));
    const end = state.ended ? await this.log.read(this.stream.subtaskId, state.last - 1) : null;
    this.checked = true;

    return end ? this.restate(text, end) : this.resync({ ...text, seq: state.ended ? state.last - 1 : text.seq });
  }

  /** The whole text and the terminal event, the last of `end`, with numbers that no owner has used. */
  private restate(text: Omit<Snapshot, 'seq'>, end: FrameBatch): FrameBatch {
    const { subtaskId } = this.stream;
    const last = RESTATED + end.last;
    const whole = frame(subtaskId, last - 1, resyncOf(subtaskId, text));
    const terminal = eventsOf(end.text)
      .slice(-1)
      .map((event) => frame(subtaskId, last, event));

    return { first: last - 1, last, text: whole + terminal.join(''), terminal: true, selfContained: true };
  }

  /** Resets the client. The event has number 0, because it is not in the log. */
  private resetClient(): FrameBatch {
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

  /** Handles a log without events after the position: all is read, trimmed, or lost. */
  private async beyondLog(): Promise<FrameBatch | null> {
    if (this.stream.local) return null;
    const state = await this.log.state(this.stream.subtaskId);
    if (state === null && (await this.hasEnded())) {
      // The log has expired or was lost: a client that reconnects receives the answer from the database.
      this.ended = true;

      return null;
    }
    const last = state?.last ?? this.position;
    if (last > this.position) return this.snapshotAfter(this.position);
    if (last < this.position) this.checked = false;
    // The client brought the terminal event along: it was sent by the run's process before the log had it.
    else if (state?.ended) this.ended = true;
    else {
      this.stream.head = Math.max(this.stream.head, this.position);
      // A client that reconnects receives the end from the database.
      this.ended = state !== null && (await this.isEndMissing());
    }

    return null;
  }

  /** Whether the answer has ended and its log has not, for long: its writer is gone. */
  private async isEndMissing(): Promise<boolean> {
    if (!(await this.hasEnded())) return false;
    this.endMissingSince ||= Date.now();

    return Date.now() - this.endMissingSince > END_LAG_MS;
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
