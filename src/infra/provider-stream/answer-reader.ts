/** Reads the body of a reply into batches of events, no faster than its consumer asks for them. */
import type { Readable } from 'node:stream';
import type { ProviderEvent } from '../../common/chat-event.js';
import { EventLoopThrottle } from '../http/server/event-loop-throttle.js';
import type { AnswerParts } from './answer-iterator.js';
import { type AnswerMapper, EventBatch } from './event-batch.js';
import type { ProviderTimeouts } from './provider-timeouts.js';
import { SseReader } from './sse-reader.js';

/** Bytes that may wait for a slow consumer before the provider is made to wait. */
const HIGH_WATER_BYTES = 64 * 1024;
/**
 * Bytes that all answers together bring in one turn of the event loop, some 10 ms of work: the kernel has up to 2 MB of
 * each connection ready, and Node reads all of it in one go.
 */
const BYTES_PER_TURN = 256 * 1024;

const reads = new EventLoopThrottle(BYTES_PER_TURN);

/**
 * Reads by `data` events and not by `for await`, whose CPU is the same (27 microseconds per read of one token, 40
 * streams): so what further reads bring while the consumer is busy joins the waiting batch, and a slow consumer gets
 * fewer and larger events.
 */
export class AnswerReader implements AnswerParts {
  /** Nothing more is read: after what {@link read} still has, the answer is finished or {@link failure} is its end. */
  over = false;
  /** Why the answer failed; null when it did not. */
  failure: { reason: unknown } | null = null;
  private readonly batch = new EventBatch();
  private readonly sse = new SseReader((event) => {
    this.eventsSeen += 1;
    this.mapper.push(event, this.batch);
  });
  private eventsSeen = 0;
  private waitingBytes = 0;
  /** Was read, and waits for its turn of the event loop. */
  private pendingChunk: Buffer | null = null;
  private onReady: (() => void) | null = null;

  /** @param activity what counts as a sign of life: events, or any bytes */
  constructor(
    private readonly body: Readable,
    private readonly mapper: AnswerMapper,
    private readonly timeouts: ProviderTimeouts,
    private readonly activity: 'events' | 'bytes' = 'events',
  ) {
    const end = () => this.end();
    body.on('data', (chunk: Buffer) => this.onData(chunk));
    // An error means what an early end means: the answer is whole, or it is truncated.
    body.once('end', end).once('error', end).once('close', end);
    // It may have been aborted before there was a listener.
    if (body.destroyed) end();
  }

  /** Whether {@link read} has something. */
  get hasParts(): boolean {
    return !this.batch.isEmpty;
  }

  /** Returns what arrived since the last call, at least one event; null when there is nothing (yet). */
  read(): readonly ProviderEvent[] | null {
    this.waitingBytes = 0;

    return this.batch.isEmpty ? null : this.batch.drain();
  }

  /** Calls back once, when {@link read} has something or the answer is over. Only after `read` gave null. */
  whenReady(callback: () => void): void {
    if (this.over || this.hasParts) return callback();
    this.onReady = callback;
    this.resume();
  }

  /** Ends the answer here, whatever may still come. */
  end(): void {
    this.feedPending();
    if (this.over) return;
    this.over = true;
    try {
      this.sse.end();
      this.mapper.end(this.batch);
    } catch (error) {
      this.fail(error);
    }
    this.notify();
  }

  /** Calls the waiting consumer back, so that it looks again. */
  wake(): void {
    const ready = this.onReady;
    this.onReady = null;
    ready?.();
  }

  private onData(chunk: Buffer): void {
    if (this.over) return;
    if (reads.takes(chunk.length)) return this.feed(chunk);
    this.pendingChunk = chunk;
    this.body.pause();
    reads.begin(() => {
      this.feedPending();
      if (!this.isFull) this.resume();
    }, chunk.length);
  }

  private feedPending(): void {
    const { pendingChunk } = this;
    this.pendingChunk = null;
    if (pendingChunk && !this.over) this.feed(pendingChunk);
  }

  private feed(chunk: Buffer): void {
    const seenBefore = this.eventsSeen;
    try {
      this.sse.feed(chunk);
    } catch (error) {
      this.fail(error);
    }
    if (this.activity === 'bytes' || this.eventsSeen > seenBefore) this.timeouts.alive(this.mapper.started);
    this.waitingBytes += chunk.length;
    if (this.mapper.finished) this.over = true;
    if (this.isFull) this.pause();
    this.notify();
  }

  /** The consumer is away, and enough waits for it. */
  private get isFull(): boolean {
    return !this.onReady && this.waitingBytes > HIGH_WATER_BYTES;
  }

  private fail(error: unknown): void {
    this.failure ??= { reason: error };
    this.over = true;
  }

  private notify(): void {
    if (!this.batch.isEmpty || this.over) this.wake();
  }

  private pause(): void {
    this.body.pause();
    this.timeouts.setPaused(true);
  }

  private resume(): void {
    if (this.pendingChunk || !this.body.isPaused()) return;
    this.timeouts.setPaused(false);
    this.body.resume();
  }
}
