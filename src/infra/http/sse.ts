import { type BeforeApplicationShutdown, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { ServerResponse } from 'node:http';
import { Counter, Gauge } from 'prom-client';
import { logLine } from '../database/database-errors.js';

/** Shorter than every idle timeout on the way (nginx and load balancers: 60 s). */
const PING_MS = 15_000;
/** A client that takes nothing for this many pings is gone. */
const MAX_MISSED_PINGS = 4;

/** A reason of our own: making the default one, with its stack, costs a tenth of a millisecond per stream. */
const GONE = new Error('the client is gone');

const HEADERS = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  // no-transform keeps compressing proxies away, the other header keeps nginx from buffering.
  'Cache-Control': 'no-cache, no-transform',
  'X-Accel-Buffering': 'no',
};

/** Where the frames of an event stream come from. */
export interface EventSource {
  readonly ended: boolean;
  /** The next frames, if they are at hand. */
  take(): { text: string } | null;
  /** Resolves when another `take` is worth while, or the signal was given. */
  wait(): Promise<void>;
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
  private readonly log = new Logger('SseConnections');
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
   * an open stream does not hold on to what handled its request. The signal that the source is opened with tells that
   * the client is gone.
   */
  send(reply: FastifyReply, openSource: (signal: AbortSignal) => Promise<EventSource>): void {
    const sink = new SseSink(reply);
    this.sinks.add(sink);
    open.inc();
    this.pump(sink, openSource)
      .catch((error: unknown) => this.log.error(`an event stream broke: ${logLine(error)}`))
      .finally(() => {
        this.sinks.delete(sink);
        open.dec();
        sink.end();
      });
  }

  private async pump(sink: SseSink, openSource: (signal: AbortSignal) => Promise<EventSource>): Promise<void> {
    const source = await openSource(sink.signal);
    try {
      while (!source.ended && !sink.isGone) {
        const batch = source.take();
        if (!batch) await source.wait();
        else if (!sink.write(batch.text)) await sink.drained();
      }
    } finally {
      source.close();
    }
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
  private readonly gone = new AbortController();
  /** The signal's state; reading that costs more than it should, once per token. */
  isGone = false;
  /** Clients of HTTP/1.0 (old proxies) get the bytes as they are, until the connection ends. */
  private readonly chunked: boolean;
  private missedPings = 0;

  constructor(reply: FastifyReply) {
    this.response = reply.raw;
    this.chunked = reply.request.raw.httpVersion === '1.1';
    reply.hijack();
    this.response.on('close', () => this.leave());
    // A reset connection is a client that left; without a listener it would end the process.
    this.response.on('error', () => this.leave());
    this.response.writeHead(200, { ...(reply.getHeaders() as Record<string, string>), ...HEADERS });
    this.response.write(': ok\n\n');
  }

  private leave(): void {
    this.isGone = true;
    this.gone.abort(GONE);
  }

  get signal(): AbortSignal {
    return this.gone.signal;
  }

  /**
   * Writes one HTTP chunk (RFC 9112, 7.1) as one string. `response.write` hands the size, the data and the line end
   * to the socket as three pieces, which costs a quarter more CPU; with a token per write that is worth it.
   * @returns whether more may be written at once
   */
  write(text: string): boolean {
    if (this.isGone) return true;
    const { socket } = this.response;

    return socket && this.chunked
      ? socket.write(`${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`)
      : this.response.write(text);
  }

  /** Resolves when the socket has taken what was written, or is gone. */
  drained(): Promise<void> {
    return new Promise((resolve) => {
      const { socket } = this.response;
      if (this.isGone || !socket?.writableNeedDrain) return resolve();
      const done = () => {
        socket.off('drain', done);
        this.gone.signal.removeEventListener('abort', done);
        this.missedPings = 0;
        resolve();
      };
      socket.once('drain', done);
      this.gone.signal.addEventListener('abort', done, { once: true });
    });
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
    this.leave();
  }

  end(): void {
    if (!this.response.writableEnded) this.response.end();
  }
}
