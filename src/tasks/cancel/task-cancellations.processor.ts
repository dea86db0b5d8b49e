import { OnWorkerEvent, Processor, WorkerHost } from '@nestjs/bullmq';
import { Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { type Job, UnrecoverableError } from 'bullmq';
import { AppConfig } from '../../config/app-config.js';
import { logLine } from '../../infra/database/database-errors.js';
import { isOutage } from '../../infra/queue/queue-errors.js';
import { WORKER_OPTIONS } from '../../infra/queue/worker-options.js';
import { TaskCancelService } from './task-cancel.service.js';
import { cappedBackoff, isTaskCancellation, TASK_CANCELLATIONS } from '../tasks.jobs.js';

/** Repeats a cancel until the task has ended. */
@Processor(TASK_CANCELLATIONS, { ...WORKER_OPTIONS, concurrency: 16, settings: { backoffStrategy: cappedBackoff } })
export class TaskCancellationsProcessor extends WorkerHost implements OnApplicationBootstrap {
  private readonly log = new Logger(TaskCancellationsProcessor.name);

  constructor(
    private readonly cancels: TaskCancelService,
    private readonly config: AppConfig,
  ) {
    super();
  }

  onApplicationBootstrap(): void {
    if (this.config.roles.has('worker')) void this.worker.run();
  }

  async process(job: Job<unknown>): Promise<void> {
    if (!isTaskCancellation(job.data)) throw new UnrecoverableError(`not a cancellation: job ${job.id}`);
    if (!(await this.cancels.pursue(job.data))) throw new Error(`task ${job.data.taskId} has not ended yet`);
  }

  @OnWorkerEvent('error')
  onError(error: Error): void {
    if (!isOutage(error)) this.log.warn(`worker: ${logLine(error)}`);
  }
}
