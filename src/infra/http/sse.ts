import { type BeforeApplicationShutdown, Injectable, type OnModuleInit } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { ServerResponse } from 'node:http';
import { Counter, Gauge } from 'prom-client';

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
   * Sends everything that `read` yields as one event stream, never faster than the client takes it.
   * Resolves when the source has ended or the client is gone; the source's signal tells the latter.
   */
  async send(reply: FastifyReply, read: SseSource): Promise<void> {
    const sink = new SseSink(reply);
    this.sinks.add(sink);
    open.inc();
    try {
      for await (const { text } of read(sink.signal)) {
        if (!sink.write(text)) await sink.drained();
      }
    } finally {
      this.sinks.delete(sink);
      open.dec();
      sink.end();
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

type SseSource = (signal: AbortSignal) => AsyncIterable<{ text: string }> | Iterable<{ text: string }>;

class SseSink {
  private readonly response: ServerResponse;
  private readonly gone = new AbortController();
  private missedPings = 0;

  constructor(reply: FastifyReply) {
    this.response = reply.raw;
    reply.hijack();
    this.response.on('close', () => this.gone.abort());
    // A reset connection is a client that left; without a listener it would end the process.
    this.response.on('error', () => this.gone.abort());
    this.response.writeHead(200, { ...(reply.getHeaders() as Record<string, string>), ...HEADERS });
    this.response.write(': ok\n\n');
  }

  get signal(): AbortSignal {
    return this.gone.signal;
  }

  /** @returns whether more may be written at once */
  write(text: string): boolean {
    return this.gone.signal.aborted || this.response.write(text);
  }

  /** Resolves when the socket has taken what was written, or is gone. */
  drained(): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.response.off('drain', done);
        this.gone.signal.removeEventListener('abort', done);
        this.missedPings = 0;
        resolve();
      };
      if (this.gone.signal.aborted || !this.response.writableNeedDrain) return resolve();
      this.response.once('drain', done);
      this.gone.signal.addEventListener('abort', done, { once: true });
    });
  }

  /** @returns false when the client was given up */
  ping(): boolean {
    if (!this.response.writableNeedDrain) {
      this.missedPings = 0;
      this.response.write(': ping\n\n');

      return true;
    }
    this.missedPings += 1;
    if (this.missedPings < MAX_MISSED_PINGS) return true;
    this.response.destroy();

    return false;
  }

  goAway(): void {
    if (!this.gone.signal.aborted) this.response.write(`retry: ${Math.round(500 + Math.random() * 2000)}\n\n`);
    this.gone.abort();
  }

  end(): void {
    if (!this.response.writableEnded) this.response.end();
  }
}
