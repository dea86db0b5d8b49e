// A reader of a run: one response, with the ways of sending that a case demands.
import { setImmediate as turn } from 'node:timers/promises';
import type { ServerResponse } from 'node:http';
import { DIFY_PING } from './dify-wire.js';
import type { Exchange } from '../exchange.js';

/** How a case changes the bytes. */
export interface Delivery {
  /** Rewrites whole events. */
  shape?: (events: string) => string;
  /** Cuts them into pieces with a write of their own. */
  cut?: (events: string) => Uint8Array[];
}

/** The open stream of one client. */
export class DifyReader {
  /** The writes so far; only cut ones take turns. */
  private queue: Promise<void> = Promise.resolve();
  private ended = false;

  constructor(
    private readonly x: Exchange,
    private readonly delivery: Delivery = {},
    /** Whether the stream goes on when the run waits for a human. */
    readonly staysOverPauses = false,
  ) {}

  get res(): ServerResponse {
    return this.x.res;
  }

  /** Aborts when the connection closes. */
  get closed(): AbortSignal {
    return this.x.closed;
  }

  get blocked(): boolean {
    return !this.ended && this.x.res.writableNeedDrain && !this.x.closed.aborted;
  }

  write(events: string, tokens = 0): void {
    if (this.ended || this.closed.aborted) return;
    this.x.request.tokens_sent += tokens;
    this.x.state.counters.tokensSent += tokens;
    const bytes = this.delivery.shape?.(events) ?? events;
    const { cut } = this.delivery;
    if (cut) this.inTurn(() => this.writePieces(cut(bytes)));
    else this.res.write(bytes);
  }

  ping(): void {
    if (!this.res.writableNeedDrain) this.write(DIFY_PING);
  }

  end(): void {
    if (this.ended) return;
    this.ended = true;
    if (this.delivery.cut) this.inTurn(() => Promise.resolve(this.res.end()));
    else this.res.end();
  }

  /** Destroys the connection after everything written was sent. */
  destroy(): void {
    if (this.ended) return;
    this.ended = true;
    this.inTurn(async () => {
      do await turn();
      while (!this.closed.aborted && this.res.writableLength + (this.res.socket?.writableLength ?? 0) > 0);
      this.x.dropped = true;
      this.res.destroy();
    });
  }

  private inTurn(work: () => Promise<unknown>): void {
    this.queue = this.queue.then(async () => {
      if (!this.closed.aborted) await work();
    });
  }

  private async writePieces(pieces: Uint8Array[]): Promise<void> {
    for (const piece of pieces) {
      if (this.closed.aborted) return;
      this.res.write(piece);
      await turn();
    }
  }
}
