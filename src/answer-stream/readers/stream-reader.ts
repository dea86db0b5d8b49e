import { Injectable } from '@nestjs/common';
import { withinOr } from '../../common/async/within.js';
import type { FrameBatch } from '../log/frames.js';
import { StreamCursor } from './stream-cursor.js';
import { StreamHub } from './stream-hub.js';
import { StreamLog } from '../log/stream-log.js';

/** Facts about a stream that its log does not have. */
export interface OpenOptions {
  /** Its run was queued just now. */
  isNew?: boolean;
  /** Whether its answer has ended: asked when the log knows nothing of it. */
  hasEnded?: () => Promise<boolean>;
}

const NOT_ENDED = () => Promise.resolve(false);

/** Opens streams for reading: from the log, then live, each event once and in order. */
@Injectable()
export class StreamReader {
  constructor(
    private readonly hub: StreamHub,
    private readonly log: StreamLog,
  ) {}

  /**
   * Opens a cursor after event `position`. It reads when its consumer does; the caller closes it.
   */
  async open(subtaskId: number, position: number, options: OpenOptions = {}): Promise<StreamCursor> {
    const { isNew = false, hasEnded = NOT_ENDED } = options;

    return new StreamCursor(await this.hub.acquire(subtaskId, isNew), this.log, position, this.hub, hasEnded);
  }

  /** Waits for the terminal batch after `position`; returns null when it does not arrive within `timeoutMs`. */
  async end(subtaskId: number, position: number, timeoutMs: number): Promise<FrameBatch | null> {
    const cursor = await this.open(subtaskId, position);
    try {
      const terminal = new Promise<FrameBatch>((resolve) => {
        cursor.onReady = () => {
          for (let batch = cursor.readBatch(); batch; batch = cursor.readBatch()) if (batch.terminal) resolve(batch);
        };
        cursor.onReady();
      });

      return await withinOr(timeoutMs, null, terminal);
    } finally {
      cursor.close();
    }
  }
}
