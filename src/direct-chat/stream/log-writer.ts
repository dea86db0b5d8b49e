import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { Counter, Histogram } from 'prom-client';
import { type Batch, joinBatches } from './frames.js';
import type { LiveStream } from './live-stream.js';
import { type Append, type AppendOutcome, StreamLog } from './stream-log.js';
import type { Snapshot } from './stream-text.js';

/**
 * One script call per window writes what all streams of this process have new, so that the cost does not grow with
 * the token rate. Measured for 200 streams x 50 tokens/s: 5 microseconds of CPU a token, 22 for one write a token.
 * A stream that is read in this process only needs its log for later, and waits longer for less.
 */
const HEARD_WINDOW_MS = 25;
const WINDOW_MS = 100;
const RETRY_MS = 250;
/** Unwritten text kept per stream while Redis is away; beyond it the whole text is written instead. */
const MAX_PENDING_BYTES = 1024 * 1024;
/** Size from which the events of a log are replaced by the text they make. */
const SNAPSHOT_BYTES = 2 * 1024 * 1024;

const flushes = new Counter({ name: 'conch_stream_log_flushes_total', help: 'Script calls that wrote stream logs' });
const flushErrors = new Counter({ name: 'conch_stream_log_errors_total', help: 'Script calls that failed' });
const flushed = new Histogram({
  name: 'conch_stream_log_batch_streams',
  help: 'Streams written by one script call',
  buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000],
});

/** What a log writer needs from the run that it writes for. */
export interface LoggedRun {
  readonly stream: LiveStream;
  readonly epoch: number;
  snapshot(): Snapshot;
  /** Another owner has taken the stream over: stop. */
  fenced(): void;
  /** The log lost events: emit one that stands for all before it. */
  repair(): void;
}

/** The unwritten tail of one run. */
export class LogTail {
  pending: Batch[] = [];
  pendingBytes = 0;
  sending: Batch | null = null;
  repairing = false;
  loggedBytes = 0;
  snapshotAt = SNAPSHOT_BYTES;
  /** Whole text as of the batch that is sent; stored once that is written. */
  snapshot: Snapshot | null = null;
  closed = false;
  /** Another process reads along, as of the last write. */
  heard = false;

  constructor(readonly run: LoggedRun) {}

  isEmpty(): boolean {
    return this.pending.length === 0 && this.sending === null;
  }
}

/** Writes the events of this process's runs into their logs. */
@Injectable()
export class LogWriter implements BeforeApplicationShutdown {
  private readonly log = new Logger('LogWriter');
  private readonly dirty = new Set<LogTail>();
  private timer: NodeJS.Timeout | null = null;
  private timerMs = 0;
  private flushing: Promise<void> | null = null;
  private urgent = false;
  private again = false;
  private failing = false;

  constructor(private readonly streamLog: StreamLog) {}

  beforeApplicationShutdown(): Promise<void> {
    return this.flush();
  }

  /** Queues a batch. `urgent` (first token, end) is written at once, the rest within one window. */
  add(tail: LogTail, batch: Batch, urgent: boolean): void {
    if (tail.closed) return;
    if (batch.selfContained) this.forget(tail);
    tail.pending.push(batch);
    tail.pendingBytes += batch.text.length;
    const own = tail.pending[0]?.selfContained ? tail.pending[0].text.length : 0;
    if (this.failing && tail.pendingBytes - own > MAX_PENDING_BYTES) return tail.run.repair();
    this.dirty.add(tail);
    if (urgent) this.flushSoon();
    else this.schedule(tail.heard);
  }

  /** Resolves when everything added so far is written, or `timeoutMs` is over. @returns whether it is written */
  async drained(tail: LogTail, timeoutMs: number): Promise<boolean> {
    for (const end = Date.now() + timeoutMs; !tail.isEmpty() && !tail.closed;) {
      if (Date.now() >= end) return false;
      this.dirty.add(tail);
      await this.flush();
      if (!tail.isEmpty()) await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }

    return true;
  }

  private schedule(heard: boolean): void {
    const ms = this.failing ? RETRY_MS : heard ? HEARD_WINDOW_MS : WINDOW_MS;
    if (this.timer && this.timerMs <= ms) return;
    if (this.timer) clearTimeout(this.timer);
    this.timerMs = ms;
    this.timer = setTimeout(() => void this.flush(), ms);
  }

  private flushSoon(): void {
    if (this.urgent) return;
    this.urgent = true;
    setImmediate(() => void this.flush());
  }

  /** Never two at once: batches of a stream must arrive in order. */
  private flush(): Promise<void> {
    this.urgent = false;
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    this.again = this.flushing !== null;
    this.flushing ??= this.flushUntilDone().finally(() => {
      this.flushing = null;
    });

    return this.flushing;
  }

  private async flushUntilDone(): Promise<void> {
    await this.flushDirty();
    while (this.again) {
      this.again = false;
      await this.flushDirty();
    }
  }

  private async flushDirty(): Promise<void> {
    const tails = [...this.dirty].filter((tail) => !tail.closed && !tail.isEmpty());
    this.dirty.clear();
    if (tails.length === 0) return;
    try {
      const outcomes = await this.streamLog.append(tails.map(toAppend));
      this.recovered();
      flushes.inc();
      flushed.observe(tails.length);
      await Promise.all(tails.map((tail, index) => this.settle(tail, outcomes[index] ?? 'gap')));
    } catch (error) {
      this.failed(tails, error as Error);
    }
  }

  private async settle(tail: LogTail, outcome: AppendOutcome): Promise<void> {
    const batch = tail.sending;
    if (!batch) return;
    if (outcome === 'fenced') {
      tail.closed = true;
      tail.run.fenced();

      return;
    }
    if (outcome === 'gap') {
      this.log.warn(`stream ${tail.run.stream.subtaskId}: the log lost events; writing the whole text`);
      tail.run.repair();

      return;
    }
    tail.sending = null;
    tail.repairing = false;
    tail.heard = outcome === 'heard';
    tail.loggedBytes += batch.text.length;
    tail.run.stream.confirm(batch.last);
    if (tail.pending.length > 0) {
      this.dirty.add(tail);
      this.schedule(tail.heard);
    }
    if (tail.snapshot) await this.compact(tail, tail.snapshot);
  }

  /** At geometrically growing sizes: the total of all snapshots stays linear in the length of the answer. */
  private async compact(tail: LogTail, snapshot: Snapshot): Promise<void> {
    tail.snapshot = null;
    tail.snapshotAt = tail.loggedBytes + SNAPSHOT_BYTES + snapshot.content.length;
    await this.streamLog.saveSnapshot(tail.run.stream.subtaskId, tail.run.epoch, snapshot);
  }

  /** Drops the unwritten events: a self-contained one takes their place. */
  private forget(tail: LogTail): void {
    tail.pending = [];
    tail.pendingBytes = 0;
    tail.sending = null;
    tail.snapshot = null;
    tail.repairing = true;
  }

  private recovered(): void {
    if (this.failing) this.log.log('stream logs are written again');
    this.failing = false;
  }

  private failed(tails: LogTail[], error: Error): void {
    if (!this.failing) this.log.warn(`stream logs cannot be written, kept for later: ${error.message}`);
    this.failing = true;
    flushErrors.inc();
    for (const tail of tails) this.dirty.add(tail);
    this.schedule(false);
  }
}

/**
 * Moves what is pending into the batch that is sent. A batch whose sending failed goes again as it was: the script
 * knows it when it had arrived after all.
 */
function toAppend(tail: LogTail): Append {
  const { stream, epoch } = tail.run;
  if (!tail.sending) {
    tail.sending = joinBatches(tail.pending);
    tail.pending = [];
    tail.pendingBytes = 0;
    // Taken here, where text and log end at the same event.
    if (tail.loggedBytes > tail.snapshotAt && !tail.sending.terminal) tail.snapshot = tail.run.snapshot();
  }

  return { subtaskId: stream.subtaskId, epoch, batch: tail.sending, repair: tail.repairing };
}
