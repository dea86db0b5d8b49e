import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { Counter, Histogram } from 'prom-client';
import type { FrameBatch } from './frames.js';
import { type PendingAppend, toAppend } from './pending-append.js';
import { type AppendOutcome, StreamLog } from './stream-log.js';
import type { Snapshot } from './stream-text.js';

/**
 * One script call writes what several streams have new, so that the cost does not grow with the token rate. Measured for
 * 200 streams x 50 tokens/s: 5 microseconds of CPU a token, 22 for one write a token.
 */
const TICK_MS = 25;
/**
 * A stream that is read in this process only is written every so many ticks, because its log is needed only later. Many
 * streams are written in turns: all of them in one call would delay every token meanwhile.
 */
const TURNS = 8;
const STREAMS_PER_CALL = 64;
/** A larger stream is written before its turn: sending megabytes at once would block the event loop. */
const LARGE_BYTES = 256 * 1024;
const RETRY_MS = 250;
/** Unwritten text kept per stream while Redis is away; beyond it the whole text is written instead. */
const MAX_PENDING_BYTES = 1024 * 1024;

const flushes = new Counter({ name: 'conch_stream_log_flushes_total', help: 'Script calls that wrote stream logs' });
const flushErrors = new Counter({ name: 'conch_stream_log_errors_total', help: 'Script calls that failed' });
const flushed = new Histogram({
  name: 'conch_stream_log_batch_streams',
  help: 'Streams written by one script call',
  buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000],
});

/** Writes the events of this process's runs into their logs. */
@Injectable()
export class LogWriter implements BeforeApplicationShutdown {
  private readonly log = new Logger(LogWriter.name);
  /** Streams with unwritten events that wait for their turn. */
  private readonly waiting = new Set<PendingAppend>();
  /** Streams that are written by the next call. */
  private readonly due = new Set<PendingAppend>();
  private timer: NodeJS.Timeout | null = null;
  private turn = 0;
  private groups = 1;
  private writing = Promise.resolve();
  private soon = false;
  private failing = false;

  constructor(private readonly streamLog: StreamLog) {}

  beforeApplicationShutdown(): Promise<void> {
    this.makeAllDue();

    return this.write();
  }

  /** Queues a batch. `urgent` (first token, end) is written at once, the rest when its stream has its turn. */
  add(tail: PendingAppend, batch: FrameBatch, urgent: boolean): void {
    if (tail.closed) return;
    if (batch.selfContained) this.discardPending(tail);
    tail.pending.push(batch);
    tail.pendingBytes += batch.text.length;
    const own = tail.pending[0]?.selfContained ? tail.pending[0].text.length : 0;
    if (this.failing && tail.pendingBytes - own > MAX_PENDING_BYTES) return tail.run.repair();
    if (urgent || (tail.pendingBytes > LARGE_BYTES && !this.failing)) this.writeSoon(tail);
    else this.schedule(tail);
  }

  /** Resolves when everything added so far is written, or `timeoutMs` is over. @returns whether it is written */
  async drained(tail: PendingAppend, timeoutMs: number): Promise<boolean> {
    for (const end = Date.now() + timeoutMs; !tail.isEmpty() && !tail.closed;) {
      if (Date.now() >= end) return false;
      this.due.add(tail);
      await this.write();
      if (!tail.isEmpty()) await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }

    return true;
  }

  private schedule(tail: PendingAppend): void {
    this.waiting.add(tail);
    this.scheduleTick();
  }

  private scheduleTick(): void {
    this.timer ??= setTimeout(() => this.tick(), this.failing ? RETRY_MS : TICK_MS);
  }

  private tick(): void {
    this.timer = null;
    this.turn = (this.turn + 1) % TURNS;
    if (this.failing) this.makeAllDue();
    if (this.turn === 0) this.groups = groupsOf(this.waiting.size);
    for (const tail of this.waiting) if (tail.isFollowed || this.isTurnOf(tail)) this.makeDue(tail);
    if (this.waiting.size > 0) this.scheduleTick();
    void this.write();
  }

  private isTurnOf({ run }: PendingAppend): boolean {
    return (run.stream.subtaskId % this.groups) * (TURNS / this.groups) === this.turn;
  }

  private makeAllDue(): void {
    for (const tail of this.waiting) this.makeDue(tail);
  }

  private makeDue(tail: PendingAppend): void {
    this.waiting.delete(tail);
    this.due.add(tail);
  }

  private writeSoon(tail: PendingAppend): void {
    this.makeDue(tail);
    if (this.soon) return;
    this.soon = true;
    setImmediate(() => {
      this.soon = false;
      void this.write();
    });
  }

  /** Never two at once: batches of a stream must arrive in order. */
  private write(): Promise<void> {
    this.writing = this.writing.then(() => this.writeDue());

    return this.writing;
  }

  private async writeDue(): Promise<void> {
    const tails = [...this.due].filter((tail) => !tail.closed && !tail.isEmpty());
    this.due.clear();
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

  private async settle(tail: PendingAppend, outcome: AppendOutcome): Promise<void> {
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
    tail.isFollowed = outcome === 'followed';
    tail.loggedBytes += batch.text.length;
    tail.run.stream.confirm(batch.last);
    if (tail.pending.length > 0 && !this.due.has(tail)) this.schedule(tail);
    if (tail.snapshot) await this.compact(tail, tail.snapshot);
  }

  private async compact(tail: PendingAppend, snapshot: Snapshot): Promise<void> {
    tail.snapshot = null;
    tail.loggedBytes = 0;
    await this.streamLog.saveSnapshot(tail.run.stream.subtaskId, tail.run.owner, snapshot);
  }

  /** Discards unwritten events, which a self-contained one replaces. */
  private discardPending(tail: PendingAppend): void {
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

  private failed(tails: readonly PendingAppend[], error: Error): void {
    if (!this.failing) this.log.warn(`stream logs cannot be written, kept for later: ${error.message}`);
    this.failing = true;
    flushErrors.inc();
    for (const tail of [...tails, ...this.due]) this.schedule(tail);
    this.due.clear();
  }
}

/** How many groups of streams take turns: a divisor of {@link TURNS}. */
function groupsOf(streams: number): number {
  let groups = 1;
  while (groups < TURNS && streams > groups * STREAMS_PER_CALL) groups *= 2;

  return groups;
}
