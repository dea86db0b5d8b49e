import { type FrameBatch, batchAfter, joinBatches } from '../log/frames.js';
import type { Snapshot } from '../log/stream-text.js';

/** Is notified when a stream has changed. */
export interface StreamListener {
  changed(): void;
}

/** Recent events kept in memory per stream; readers further behind read the log. */
const WINDOW_BYTES = 2 * 1024;

/**
 * The recent events of one stream in this process, and the readers that wait for more. Fed by the run itself (`local`),
 * or by the live channel when another process runs it. Readers pull, so that a slow one costs only its cursor.
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
  /** Position to which readers ahead of it return after a rewind. */
  rewindTo = Number.MAX_SAFE_INTEGER;
  local = false;
  readers = 0;
  /** Whole text so far, from the run that feeds this stream; null when it runs elsewhere. */
  snapshot: (() => Snapshot) | null = null;
  private active = false;
  /** Identifies the log that the events belong to; null while unknown. */
  private born: string | null = null;

  constructor(readonly subtaskId: number) {}

  /**
   * Sets the log that the next events belong to. A log that was begun again numbers its events anew: readers then check
   * what they have against it.
   * @param born identifies the log; null when that is not known
   * @returns whether it is another log than before
   */
  enterLog(born: string | null): boolean {
    const isOther = this.born !== null && born !== null && this.born !== born;
    this.born = born ?? this.born;
    if (!isOther) return false;
    this.confirmed = 0;
    this.recheck();

    return true;
  }

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

  /** Marks events as logged: they may be removed from the window. */
  confirm(seq: number): void {
    this.confirmed = seq;
    this.trim();
  }

  /** Returns all events after `cursor` as one batch; null when the window does not have them all. */
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

  /** Discards its events: another process owns the stream, and only the log up to `confirmed` is valid. */
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

  /** Makes readers check what they have against the log, which may have been lost. */
  recheck(): void {
    this.window = [];
    this.windowBytes = 0;
    this.head = -1;
    this.rewindTo = Number.MAX_SAFE_INTEGER;
    this.generation += 1;
    this.notify();
  }

  /** Makes readers read the log again, because messages may be lost. */
  invalidateHead(): void {
    this.head = -1;
    this.notify();
  }

  /** Returns whether no event arrived since the last call. */
  wasSilent(): boolean {
    const silent = !this.active;
    this.active = false;

    return silent;
  }

  /** Notifies the readers, which then read. */
  notify(): void {
    // From the end, because a reader may remove itself.
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
