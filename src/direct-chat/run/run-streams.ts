import { Injectable, Logger } from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';
import type { StopReason } from '../../common/contracts/chat-provider.js';
import { logLine } from '../../infra/database/database-errors.js';
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
  private readonly logger = new Logger(RunStreams.name);

  constructor(
    private readonly hub: StreamHub,
    private readonly writer: LogWriter,
    private readonly log: StreamLog,
    private readonly config: AppConfig,
  ) {}

  /** Makes this process the owner of a run's stream. @returns `ended`, `passed` as {@link StreamLog.begin} */
  async open(handle: RunHandle): Promise<ChatRun | 'ended' | 'passed'> {
    const begun = await this.log.begin(handle.subtaskId, handle.position);
    if (typeof begun === 'string') return begun;
    const stop = (reason: StopReason) => handle.stop(reason);

    return new ChatRun(handle.subtaskId, begun, this.hub, this.writer, stop, this.config.chat.maxAnswerBytes);
  }

  /** Returns the text in the log, for an attempt that resumes from it. */
  text(subtaskId: number): Promise<StreamText> {
    return this.log.text(subtaskId);
  }

  /** Resolves when everything of the run is in the log, or after some seconds. @returns whether it is */
  flush(run: ChatRun): Promise<boolean> {
    return this.writer.drained(run.tail, FLUSH_PATIENCE_MS);
  }

  /** Leaves the stream to another owner, which then needs not restart it for readers of this process. */
  async leave(run: ChatRun): Promise<void> {
    if (!(await this.flush(run))) return;
    try {
      await this.log.leave(run.subtaskId, run.owner, run.last);
    } catch (error) {
      this.logger.debug(`subtask ${run.subtaskId}: its readers get their text once more: ${logLine(error)}`);
    }
  }
}
