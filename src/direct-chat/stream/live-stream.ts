import { type FrameBatch, batchAfter, joinBatches } from './frames.js';
import type { Snapshot } from './stream-text.js';

/** A reader that wants to know when a stream has changed. */
export interface StreamListener {
  changed(): void;
}

/** Recent events kept in memory per stream; readers further behind read the log. */
const WINDOW_BYTES = 2 * 1024;

/**
 * The recent events of one stream in this process, and the readers that wait for more.
 *
 * It is fed by the run itself (`local`), or by the live channel when another process runs it. Readers pull: a slow
 * one costs nothing but its cursor.
 */
export class LiveStream {
  private window: FrameBatch[] = [];
  private windowBytes = 0;
  private readonly listeners: StreamListener[] = [];
  /** Sequence number of the newest event; -1 while unknown (a remote stream whose log was not read yet). */
  head = -1;
  /** Newest event that is known to be in the log. Events after it stay in the window. */
  confirmed = 0;
  /** Grows when readers must go back to the log, see {@link rewind}. */
  generation = 0;
  /** Where readers that are ahead of it have to go back to, after a rewind. */
  rewindTo = Number.MAX_SAFE_INTEGER;
  local = false;
  readers = 0;
  /** Whole text so far, from the run that feeds this stream; null when it runs elsewhere. */
  snapshot: (() => Snapshot) | null = null;
  private active = false;

  constructor(readonly subtaskId: number) {}

  push(batch: FrameBatch): void {
    if (batch.last <= this.head) return;
    this.window.push(batch);
    this.windowBytes += batch.text.length;
    this.head = batch.last;
    this.active = true;
    if (!this.local) this.confirmed = batch.last;
    this.trim();
    this.notify();
  }

  /** Marks events as logged, which lets them leave the window. */
  confirm(seq: number): void {
    this.confirmed = seq;
    this.trim();
  }

  /** Everything after `cursor` as one batch; null when it is not (or not all) in the window. */
  readAfter(cursor: number): FrameBatch | null {
    const newest = this.window[this.window.length - 1];
    if (!newest || cursor >= newest.last) return null;
    // The usual case: the reader has everything but the newest batch.
    if (cursor === newest.first - 1) return newest;
    const oldest = this.window[0];
    if (!oldest || (cursor < oldest.first - 1 && !oldest.selfContained)) return null;
    const start = this.window.findIndex((batch) => batch.last > cursor);
    const missed = joinBatches(this.window.slice(start));

    return batchAfter(missed, cursor);
  }

  /** Notifies `listener` of every event, rewind and {@link notify}, until {@link removeListener}. */
  addListener(listener: StreamListener): void {
    this.listeners.push(listener);
  }

  removeListener(listener: StreamListener): void {
    const index = this.listeners.indexOf(listener);
    if (index >= 0) this.listeners.splice(index, 1);
  }

  /** Drops its events: another owner has taken over, and the log is the truth from `confirmed` on. */
  rewind(): void {
    this.window = [];
    this.windowBytes = 0;
    this.head = -1;
    this.local = false;
    this.snapshot = null;
    this.rewindTo = this.confirmed;
    this.generation += 1;
    this.notify();
  }

  /** Makes readers look at the log again: messages may have been missed. */
  invalidateHead(): void {
    this.head = -1;
    this.notify();
  }

  /** Whether nothing came since the last call. */
  wasSilent(): boolean {
    const silent = !this.active;
    this.active = false;

    return silent;
  }

  /** Notifies the readers, which then look for themselves. */
  notify(): void {
    // From the end, because a reader that has reached its own end leaves the list at once.
    for (let index = this.listeners.length - 1; index >= 0; index -= 1) this.listeners[index]?.changed();
  }

  private trim(): void {
    while (this.windowBytes > WINDOW_BYTES && this.window.length > 1) {
      const oldest = this.window[0];
      if (!oldest || oldest.last > this.confirmed) return;
      this.window.shift();
      this.windowBytes -= oldest.text.length;
    }
  }
}
