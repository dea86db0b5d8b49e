import { InjectQueue } from '@nestjs/bullmq';
import { Injectable, Logger } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { AppError } from '../../common/app-error.js';
import { within } from '../../common/async/within.js';
import { logLine } from '../../infra/database/database-errors.js';
import { isRedisFull } from '../../infra/redis/redis-memory.js';
import { TaskUpdatesService } from '../../tasks/status/task-updates.service.js';
import { CHAT_RUN_OPTIONS, CHAT_RUNS, chatRunJobId, type ChatRunJob } from './chat-runs.jobs.js';

/** When a refused client may try again. */
export const RETRY_AFTER_SECONDS = 5;
export const MEMORY_FULL =
  'The memory of Redis is nearly used up: no new answers can be started until running ones have ended; try again';
const ENQUEUE_TIMEOUT_MS = 2_000;
/** How long a refused answer waits for its end in the database. */
const SETTLE_PATIENCE_MS = 2_000;

/** Enqueues the runs of stored answers. */
@Injectable()
export class ChatRunQueue {
  private readonly log = new Logger(ChatRunQueue.name);

  constructor(
    @InjectQueue(CHAT_RUNS) private readonly queue: Queue<ChatRunJob>,
    private readonly updates: TaskUpdatesService,
  ) {}

  /** Enqueues a run; a run that is in the queue already stays one. @throws AppError service_unavailable */
  async enqueue(run: ChatRunJob): Promise<void> {
    const options = { ...CHAT_RUN_OPTIONS, jobId: chatRunJobId(run.subtaskId) };
    try {
      await within(ENQUEUE_TIMEOUT_MS, 'the queue does not answer', this.queue.add('run', run, options));
    } catch (error) {
      const reason = 'Redis does not answer: no new answers can be started; try again';
      throw unavailable(isRedisFull(error) ? MEMORY_FULL : reason, error);
    }
  }

  /**
   * Enqueues the run of a new answer. An answer that cannot be enqueued fails at once, because it must not start after the
   * client has seen the error.
   * @throws AppError service_unavailable
   */
  async enqueueNew(taskId: number, subtaskId: number): Promise<void> {
    try {
      await this.enqueue({ subtaskId });
    } catch (error) {
      this.log.warn(`task ${taskId} subtask ${subtaskId}: not queued: ${logLine(error)}`);
      await this.fail(subtaskId, error as AppError);
      throw error;
    }
  }

  /** Ends an answer that has no run, with the reason why it cannot have one. */
  async fail(subtaskId: number, { message, code, retryable }: AppError): Promise<void> {
    const event = { type: 'error' as const, error: message, code, retryable };
    const update = { subtaskId, status: 'FAILED' as const, errorMessage: message, terminal: { event, seq: 1 } };
    await this.updates.settle(update, SETTLE_PATIENCE_MS);
  }
}

/** Returns the error for answers that cannot be started at the moment. */
export function unavailable(message: string, cause?: unknown): AppError {
  return new AppError('service_unavailable', message, { cause, retryAfter: RETRY_AFTER_SECONDS, retryable: true });
}
