import { OnWorkerEvent, Processor, WorkerHost } from '@nestjs/bullmq';
import { Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { type Job, UnrecoverableError } from 'bullmq';
import { AppConfig } from '../config/app-config.js';
import { logLine } from '../infra/database/database-errors.js';
import { isOutage } from '../infra/queue/queue-errors.js';
import { WORKER_OPTIONS } from '../infra/queue/worker-options.js';
import { TaskUpdatesService } from './task-updates.service.js';
import { cappedBackoff, isTaskUpdate, TASK_UPDATES } from './tasks.jobs.js';

/** The only writer of terminal states. */
@Processor(TASK_UPDATES, { ...WORKER_OPTIONS, concurrency: 16, settings: { backoffStrategy: cappedBackoff } })
export class TaskUpdatesProcessor extends WorkerHost implements OnApplicationBootstrap {
  private readonly log = new Logger('TaskUpdates');

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
    if (!isTaskUpdate(job.data)) throw new UnrecoverableError(`not a task update: job ${job.id}`);
    await this.updates.apply(job.data);
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
