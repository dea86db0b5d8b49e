import { type FrameBatch, joinBatches } from './frames.js';
import type { LiveStream } from '../readers/live-stream.js';
import type { Append, LogOwner } from './stream-log.js';
import type { Snapshot } from './stream-text.js';

/**
 * The events of a log are replaced by the text they make when they are larger than this, and than the text by this factor:
 * one token per event makes them 13 times as large. An answer in large pieces gains nothing, and slow readers receive it
 * unchanged.
 */
const COMPACT_BYTES = 2 * 1024 * 1024;
const COMPACT_FACTOR = 2;

/** What a log writer needs from the run that it writes for. */
export interface LoggedRun {
  readonly stream: LiveStream;
  readonly owner: LogOwner;
  /** Characters of the answer so far. */
  readonly length: number;
  snapshot(): Snapshot;
  /** Stops the run: another process owns the stream. */
  fenced(): void;
  /** Emits an event that replaces all before it, because the log has lost some. */
  repair(): void;
}

/** The unwritten tail of one run. */
export class PendingAppend {
  pending: FrameBatch[] = [];
  pendingBytes = 0;
  sending: FrameBatch | null = null;
  repairing = false;
  /** Since the last snapshot. */
  loggedBytes = 0;
  /** Whole text as of the batch that is sent; stored once that is written. */
  snapshot: Snapshot | null = null;
  closed = false;
  /** Whether another process reads the stream, as of the last write. */
  isFollowed = false;

  constructor(readonly run: LoggedRun) {}

  isEmpty(): boolean {
    return this.pending.length === 0 && this.sending === null;
  }
}

/**
 * Moves the pending events into the batch to send. A batch that failed is sent again unchanged: the script recognizes it
 * if it was written after all.
 */
export function toAppend(tail: PendingAppend): Append {
  const { stream, owner } = tail.run;
  if (!tail.sending) {
    tail.sending = joinBatches(tail.pending);
    tail.pending = [];
    tail.pendingBytes = 0;
    // Taken here, where text and log end at the same event.
    if (isWorthCompacting(tail.loggedBytes, tail.run.length) && !tail.sending.terminal)
      tail.snapshot = tail.run.snapshot();
  }

  return { subtaskId: stream.subtaskId, owner, batch: tail.sending, repair: tail.repairing };
}

/** Whether a snapshot is to replace the events of a log. @param bytes of events since the newest one @param length characters of the answer */
export function isWorthCompacting(bytes: number, length: number): boolean {
  return bytes > COMPACT_BYTES + COMPACT_FACTOR * length;
}
