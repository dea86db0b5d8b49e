import { OnWorkerEvent, Processor, WorkerHost } from '@nestjs/bullmq';
import { Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { type Job, UnrecoverableError } from 'bullmq';
import { AppConfig } from '../../config/app-config.js';
import { logLine } from '../../infra/database/database-errors.js';
import { isOutage } from '../../infra/queue/queue-errors.js';
import { WORKER_OPTIONS } from '../../infra/queue/worker-options.js';
import { TaskUpdatesService } from './task-updates.service.js';
import { cappedBackoff, TASK_UPDATES } from '../tasks.jobs.js';
import { readPayload } from './update-payload.js';

/** Jobs at a time: their reports share transactions, which follow each other. */
const CONCURRENCY = 20;

/**
 * Applies the reports that were queued. A killed worker is noticed after its lock ran out and the next check came: within
 * 10 s. However often that happens, a report is not dropped: it was acknowledged.
 */
@Processor(TASK_UPDATES, {
  ...WORKER_OPTIONS,
  concurrency: CONCURRENCY,
  lockDuration: 6000,
  lockRenewTime: 2000,
  stalledInterval: 4000,
  maxStalledCount: 100_000,
  settings: { backoffStrategy: cappedBackoff },
})
export class TaskUpdatesProcessor extends WorkerHost implements OnApplicationBootstrap {
  private readonly log = new Logger(TaskUpdatesProcessor.name);

  constructor(
    private readonly updates: TaskUpdatesService,
    private readonly config: AppConfig,
  ) {
    super();
  }

  onApplicationBootstrap(): void {
    if (this.config.roles.has('worker')) void this.worker.run();
  }

  async process(job: Job<unknown>): Promise<void> {
    const { updates, malformed } = readPayload(job.data, job.timestamp);
    if (updates.length === 0) throw new UnrecoverableError(`no task updates: job ${job.id}`);
    if (malformed > 0) this.log.error(`job ${job.id}: ${malformed} of its entries are no task updates; dropped`);
    await this.updates.apply(updates, job.attemptsStarted > 1);
  }

  @OnWorkerEvent('error')
  onError(error: Error): void {
    if (!isOutage(error)) this.log.warn(`worker: ${logLine(error)}`);
  }

  @OnWorkerEvent('failed')
  onFailed(job: Job | undefined, error: Error): void {
    this.log.warn(`job ${job?.id}, attempt ${job?.attemptsMade}: ${logLine(error)}`);
  }
}
