import { Injectable } from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';
import type { StopReason } from '../../common/contracts/chat-provider.js';
import { ChatRun } from './chat-run.js';
import type { RunHandle } from './active-runs.js';
import { LogWriter } from '../../answer-stream/log/log-writer.js';
import { StreamHub } from '../../answer-stream/readers/stream-hub.js';
import { StreamLog } from '../../answer-stream/log/stream-log.js';
import type { StreamText } from '../../answer-stream/log/stream-text.js';

/** Longer than a Redis restart. Later events are written once Redis is back, as long as this process lives. */
const FLUSH_PATIENCE_MS = 5_000;

/** Opens and flushes the streams of runs. */
@Injectable()
export class RunStreams {
  constructor(
    private readonly hub: StreamHub,
    private readonly writer: LogWriter,
    private readonly log: StreamLog,
    private readonly config: AppConfig,
  ) {}

  /** Makes this process the owner of a run's stream. Returns null when the stream has ended. */
  async open(handle: RunHandle): Promise<ChatRun | null> {
    const { owner, last, isRestarted } = await this.log.begin(handle.subtaskId);
    if (owner.epoch === 0) return null;
    const stop = (reason: StopReason) => handle.stop(reason);

    const { maxAnswerBytes } = this.config.chat;

    return new ChatRun(handle.subtaskId, owner, last, isRestarted, this.hub, this.writer, stop, maxAnswerBytes);
  }

  /** Returns the text in the log, for an attempt that resumes from it. */
  text(subtaskId: number): Promise<StreamText> {
    return this.log.text(subtaskId);
  }

  /** Resolves when everything of the run is in the log, or after some seconds. */
  async flush(run: ChatRun): Promise<void> {
    await this.writer.drained(run.tail, FLUSH_PATIENCE_MS);
  }
}
