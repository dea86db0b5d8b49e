import { InjectQueue } from '@nestjs/bullmq';
import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { AppError } from '../../common/app-error.js';
import { within } from '../../common/within.js';
import { logLine } from '../../infra/database/database-errors.js';
import { isOutage } from '../../infra/queue/queue-errors.js';
import { CHAT_RUN_OPTIONS, CHAT_RUNS, chatRunJobId, type ChatRunJob } from './chat-runs.jobs.js';
import type { RunHandle } from '../run/active-runs.js';

/** When a caller that was turned away may come back. */
export const RETRY_AFTER_SECONDS = 5;
const ADD_TIMEOUT_MS = 2_000;
/** How long the job of a run that has begun may wait: queueing it takes CPU that the first token waits for. */
const SOON_MS = 10;
const RETRY_MS = 1_000;
/** Jobs queued in one turn of the event loop. */
const AT_A_TIME = 8;

/** The way into the queue of runs. */
@Injectable()
export class ChatRunQueue implements OnModuleDestroy {
  private readonly log = new Logger(ChatRunQueue.name);
  /** Runs of this process without a job yet. */
  private readonly begun = new Set<number>();
  /** Runs that were begun and whose jobs the queue has been given since, ever. */
  taken = 0;
  private timer: NodeJS.Timeout | null = null;
  private isAdding = false;

  constructor(@InjectQueue(CHAT_RUNS) private readonly queue: Queue<ChatRunJob>) {}

  /** Another process is to be given what does not end here. */
  async onModuleDestroy(): Promise<void> {
    if (this.timer) clearTimeout(this.timer);
    await this.addBegun(Infinity);
  }

  /** Runs that were begun and that the queue does not count. */
  get unknown(): number {
    return this.begun.size;
  }

  /** Queues a run; one that is there already stays one. @throws AppError service_unavailable */
  async add(run: ChatRunJob): Promise<void> {
    try {
      await this.addAll([run]);
    } catch (error) {
      throw unavailable('Redis does not answer: no new answers can be started; try again', error);
    }
  }

  /**
   * Queues within a moment a run that this process has begun: who comes after a lost process, or after an error that
   * another attempt may mend, takes its job. Not queued when it has ended by then.
   */
  addSoon({ subtaskId, ended }: RunHandle): void {
    this.begun.add(subtaskId);
    this.schedule(SOON_MS);
    ended.then(
      (outcome) => (outcome === 'ended' ? this.begun.delete(subtaskId) : undefined),
      () => undefined,
    );
  }

  private schedule(ms: number): void {
    if (this.isAdding) return;
    this.timer ??= setTimeout(() => {
      this.timer = null;
      void this.addBegun(AT_A_TIME);
    }, ms);
  }

  /** Never two at once. What Redis does not take now it is given again. */
  private async addBegun(max: number): Promise<void> {
    const subtaskIds = [...this.begun].slice(0, max);
    if (subtaskIds.length === 0) return;
    this.isAdding = true;
    const isTaken = await this.isTaken(subtaskIds);
    this.isAdding = false;
    if (isTaken) {
      for (const subtaskId of subtaskIds) this.begun.delete(subtaskId);
      this.taken += subtaskIds.length;
    }
    if (this.begun.size > 0) this.schedule(isTaken ? 0 : RETRY_MS);
  }

  private async isTaken(subtaskIds: readonly number[]): Promise<boolean> {
    try {
      await this.addAll(subtaskIds.map((subtaskId) => ({ subtaskId })));

      return true;
    } catch (error) {
      if (!isOutage(error as Error))
        this.log.warn(`subtasks ${subtaskIds.join(', ')}: begun, not queued yet: ${logLine(error)}`);

      return false;
    }
  }

  private async addAll(runs: readonly ChatRunJob[]): Promise<void> {
    const jobs = runs.map((run) => ({
      name: 'run',
      data: run,
      opts: { ...CHAT_RUN_OPTIONS, jobId: chatRunJobId(run.subtaskId) },
    }));
    await within(ADD_TIMEOUT_MS, 'the queue does not answer', this.queue.addBulk(jobs));
  }
}

/** New answers cannot be started for the moment. */
export function unavailable(message: string, cause?: unknown): AppError {
  return new AppError('service_unavailable', message, { cause, retryAfter: RETRY_AFTER_SECONDS, retryable: true });
}
