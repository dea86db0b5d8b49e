import { Injectable } from '@nestjs/common';
import { ChatRun } from './chat-run.js';
import type { RunHandle } from './active-runs.js';
import { LogWriter } from '../stream/log-writer.js';
import { StreamHub } from '../stream/stream-hub.js';
import { StreamLog } from '../stream/stream-log.js';
import type { StreamText } from '../stream/stream-text.js';

/** Longer than a Redis restart; what is not written then is written when it is back, as long as this process lives. */
const FLUSH_PATIENCE_MS = 5_000;

/** Opens the streams that runs write. */
@Injectable()
export class RunStreams {
  constructor(
    private readonly hub: StreamHub,
    private readonly writer: LogWriter,
    private readonly log: StreamLog,
  ) {}

  /** Takes the stream over from whoever wrote it before; epoch 0 when it has ended. */
  begin(subtaskId: number): Promise<{ epoch: number; last: number }> {
    return this.log.begin(subtaskId);
  }

  open(handle: RunHandle, { epoch, last }: { epoch: number; last: number }): ChatRun {
    return new ChatRun(handle.subtaskId, epoch, last, this.hub, this.writer, (reason) => handle.stop(reason));
  }

  /** The text that the log holds, for an attempt that goes on from it. */
  text(subtaskId: number): Promise<StreamText> {
    return this.log.text(subtaskId);
  }

  /** Resolves when everything of the run is in the log, or after some seconds. */
  async flush(run: ChatRun): Promise<void> {
    await this.writer.drained(run.tail, FLUSH_PATIENCE_MS);
  }
}
