import { Injectable } from '@nestjs/common';
import type { Batch } from './frames.js';
import { StreamCursor } from './stream-cursor.js';
import { StreamHub } from './stream-hub.js';
import { StreamLog } from './stream-log.js';

/** Opens streams for reading: from the log, then live, each event once and in order. */
@Injectable()
export class StreamReader {
  constructor(
    private readonly hub: StreamHub,
    private readonly log: StreamLog,
  ) {}

  /**
   * A place in a stream, after event `position`. Pulled: nothing is read on before the consumer asks.
   * When `signal` is aborted a waiting consumer is woken. The caller closes it.
   */
  async open(subtaskId: number, position: number, signal: AbortSignal, isNew = false): Promise<StreamCursor> {
    const stream = await this.hub.acquire(subtaskId, isNew);
    const wake = () => stream.notify();
    signal.addEventListener('abort', wake, { once: true });
    const cursor = new StreamCursor(stream, this.log, position, () => {
      signal.removeEventListener('abort', wake);
      this.hub.release(stream);
    });

    return cursor;
  }

  /** All events after `position` up to and with the terminal one; ends early, without an error, at the signal. */
  async *read(subtaskId: number, position: number, signal: AbortSignal): AsyncGenerator<Batch, void> {
    const cursor = await this.open(subtaskId, position, signal);
    try {
      while (!signal.aborted && !cursor.ended) {
        const batch = cursor.take();
        if (batch) yield batch;
        else await cursor.wait();
      }
    } finally {
      cursor.close();
    }
  }
}
