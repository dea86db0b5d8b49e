import { type BeforeApplicationShutdown, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { ServerResponse } from 'node:http';
import { Counter, Gauge } from 'prom-client';
import { logLine } from '../database/database-errors.js';

/** Shorter than every idle timeout on the way (nginx and load balancers: 60 s). */
const PING_MS = 15_000;
/** A client that takes nothing for this many pings is gone. */
const MAX_MISSED_PINGS = 4;

const HEADERS = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  // no-transform keeps compressing proxies away, the other header keeps nginx from buffering.
  'Cache-Control': 'no-cache, no-transform',
  'X-Accel-Buffering': 'no',
};

/**
 * Where the frames of an event stream come from. Pulled, and without a promise per token: that and the microtasks
 * behind it cost more than the token's own work.
 */
export interface EventSource {
  readonly ended: boolean;
  /**
   * The next frames, if they are at hand. When it gives null, and not before, `onReady` is called as soon as another
   * try is worth while.
   */
  take(): { text: string } | null;
  /** Set by whoever takes. */
  onReady: () => void;
  /** Nothing is taken any more. May be called more than once. */
  close(): void;
}

const open = new Gauge({ name: 'conch_sse_connections', help: 'Open event streams' });
const dropped = new Counter({
  name: 'conch_sse_dropped_total',
  help: 'Event streams whose client took nothing any more',
});

/**
 * The open event streams of this process: keep-alive comments, back-pressure, and their end at shutdown.
 *
 * Frames are written to the socket as they are: at 200 streams x 50 tokens/s that takes two thirds of the CPU that
 * the framework's `@Sse` needs.
 */
@Injectable()
export class SseConnections implements OnModuleInit, BeforeApplicationShutdown {
  private readonly log = new Logger(SseConnections.name);
  private readonly sinks = new Set<SseSink>();
  private timer: NodeJS.Timeout | undefined;

  onModuleInit(): void {
    this.timer = setInterval(() => this.ping(), PING_MS).unref();
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.timer);
    this.closeAll();
  }

  get size(): number {
    return this.sinks.size;
  }

  /**
   * Sends everything of a source as one event stream, never faster than the client takes it. Returns at once, so that
   * an open stream does not hold on to what handled its request.
   */
  send(reply: FastifyReply, openSource: () => Promise<EventSource>): void {
    const sink = new SseSink(reply, this);
    this.sinks.add(sink);
    open.inc();
    openSource().then(
      (source) => sink.attach(source),
      (error: unknown) => sink.fail(error),
    );
  }

  /** A stream is over; called by itself. */
  forget(sink: SseSink): void {
    if (this.sinks.delete(sink)) open.dec();
  }

  report(error: unknown): void {
    this.log.error(`an event stream broke: ${logLine(error)}`);
  }

  /** Ends all streams; clients come back after a random while, each to a replica that is still there. */
  closeAll(): void {
    for (const sink of this.sinks) sink.goAway();
  }

  private ping(): void {
    for (const sink of this.sinks) if (!sink.ping()) dropped.inc();
  }
}

class SseSink {
  private readonly response: ServerResponse;
  /** Clients of HTTP/1.0 (old proxies) get the bytes as they are, until the connection ends. */
  private readonly chunked: boolean;
  private source: EventSource | null = null;
  private isOver = false;
  private congested = false;
  private missedPings = 0;

  constructor(
    reply: FastifyReply,
    private readonly connections: SseConnections,
  ) {
    this.response = reply.raw;
    this.chunked = reply.request.raw.httpVersion === '1.1';
    reply.hijack();
    this.response.on('close', () => this.end());
    // A reset connection is a client that left; without a listener it would end the process.
    this.response.on('error', () => this.end());
    this.response.writeHead(200, { ...(reply.getHeaders() as Record<string, string>), ...HEADERS });
    this.response.write(': ok\n\n');
  }

  attach(source: EventSource): void {
    if (this.isOver) return source.close();
    this.source = source;
    source.onReady = () => {
      if (!this.congested) this.pump();
    };
    this.pump();
  }

  fail(error: unknown): void {
    this.connections.report(error);
    this.end();
  }

  /** Writes what is at hand. What it throws must not reach the run that has just brought an event. */
  private pump(): void {
    try {
      while (this.source && !this.isOver) {
        if (this.source.ended) return this.end();
        const batch = this.source.take();
        if (!batch) return;
        if (!this.write(batch.text)) return this.waitForDrain();
      }
    } catch (error) {
      this.fail(error);
    }
  }

  private waitForDrain(): void {
    const { socket } = this.response;
    if (!socket?.writableNeedDrain) return void setImmediate(() => this.pump());
    this.congested = true;
    socket.once('drain', () => {
      this.congested = false;
      this.missedPings = 0;
      this.pump();
    });
  }

  /**
   * Writes one HTTP chunk (RFC 9112, 7.1) as one string. `response.write` hands the size, the data and the line end
   * to the socket as three pieces, which costs a quarter more CPU; with a token per write that is worth it.
   * @returns whether more may be written at once
   */
  private write(text: string): boolean {
    const { socket } = this.response;

    return socket && this.chunked
      ? socket.write(`${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`)
      : this.response.write(text);
  }

  /** @returns false when the client was given up */
  ping(): boolean {
    if (!this.response.socket?.writableNeedDrain) {
      this.missedPings = 0;
      this.write(': ping\n\n');

      return true;
    }
    this.missedPings += 1;
    if (this.missedPings < MAX_MISSED_PINGS) return true;
    this.response.destroy();

    return false;
  }

  goAway(): void {
    this.write(`retry: ${Math.round(500 + Math.random() * 2000)}\n\n`);
    this.end();
  }

  private end(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.source?.close();
    this.source = null;
    this.connections.forget(this);
    if (!this.response.writableEnded) this.response.end();
  }
}
