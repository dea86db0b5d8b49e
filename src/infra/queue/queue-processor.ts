import { Logger, type OnApplicationBootstrap } from '@nestjs/common';
import type { Job, Worker } from 'bullmq';
import { logLine } from '../database/database-errors.js';
import type { QueueWorkers, WorkerSettings } from './queue-workers.js';

const CODES = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN']);
const MESSAGES = /Connection is closed|isn't writeable|Socket timeout|LOADING|could not renew lock|Missing lock/;

/**
 * Returns whether an error only means that Redis is unreachable. The connections report that once; workers would repeat it
 * at every attempt. (A job whose lock was lost meanwhile is processed again.)
 */
function isOutage(error: Error): boolean {
  return CODES.has((error as NodeJS.ErrnoException).code ?? '') || MESSAGES.test(error.message);
}

/**
 * Base of all processors: one per queue. Starts its worker at the application's bootstrap, in processes with the role
 * `worker` only, and logs what goes wrong.
 */
export abstract class QueueProcessor implements OnApplicationBootstrap {
  protected readonly log = new Logger(this.constructor.name);
  /** Null until the start, and in processes without the role `worker`. */
  protected worker: Worker | null = null;

  constructor(
    private readonly workers: QueueWorkers,
    private readonly queueName: string,
    private readonly settings: WorkerSettings = {},
  ) {}

  /** Processes one job. @returns what {@link onCompleted} receives @throws when it has failed; UnrecoverableError when another attempt cannot help */
  abstract process(job: Job<unknown>, token?: string): Promise<unknown>;

  async onApplicationBootstrap(): Promise<void> {
    if (!this.workers.isEnabled) return;
    await this.beforeStart();
    this.worker = this.workers.create(this.queueName, (job, token) => this.process(job, token), this.settings);
    this.worker.on('error', (error) => this.onError(error));
    this.worker.on('completed', (job, result) => this.onCompleted(job, result));
    this.worker.on('failed', (job, error) => this.onFailed(job, error));
    this.worker.on('stalled', (jobId) => this.log.warn(`job ${jobId}: its worker is lost; another one gets it`));
    this.worker.run().catch((error: unknown) => this.onError(error as Error));
  }

  /** Prepares the queue, before the worker fetches its first job. */
  protected beforeStart(): Promise<void> {
    return Promise.resolve();
  }

  /** Called when the queue has forgotten a job. Never throws. */
  protected onCompleted(_job: Job, _result: unknown): void {
    // Most processors have nothing to do then.
  }

  /** Logs a failed attempt. Processors with another log line override it. */
  protected onFailed(job: Job | undefined, error: Error): void {
    this.log.warn(`job ${job?.id}, attempt ${job?.attemptsMade}: ${logLine(error)}`);
  }

  private onError(error: Error): void {
    if (!isOutage(error)) this.log.warn(`worker: ${logLine(error)}`);
  }
}
