import { Injectable } from '@nestjs/common';
import { type Job, UnrecoverableError } from 'bullmq';
import { QueueProcessor } from '../../infra/queue/queue-processor.js';
import { QueueWorkers } from '../../infra/queue/queue-workers.js';
import { CANCELLATION_BACKOFF, isTaskCancellation, TASK_CANCELLATIONS } from '../tasks.jobs.js';
import { TaskCancelService } from './task-cancel.service.js';

/** Repeats a cancel until the task has ended. */
@Injectable()
export class TaskCancellationsProcessor extends QueueProcessor {
  constructor(
    workers: QueueWorkers,
    private readonly cancels: TaskCancelService,
  ) {
    super(workers, TASK_CANCELLATIONS, { concurrency: 16, backoff: CANCELLATION_BACKOFF });
  }

  async process(job: Job<unknown>): Promise<void> {
    if (!isTaskCancellation(job.data)) throw new UnrecoverableError(`not a cancellation: job ${job.id}`);
    if (!(await this.cancels.pursue(job.data))) throw new Error(`task ${job.data.taskId} has not ended yet`);
  }

  /** A failed attempt is how a cancel is repeated: nothing is wrong. */
  protected override onFailed(job: Job | undefined, error: Error): void {
    this.log.debug(`job ${job?.id}, attempt ${job?.attemptsMade}: ${error.message}`);
  }
}
