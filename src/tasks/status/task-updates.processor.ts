import { Injectable } from '@nestjs/common';
import { type Job, UnrecoverableError } from 'bullmq';
import { QueueProcessor } from '../../infra/queue/queue-processor.js';
import { QueueWorkers } from '../../infra/queue/queue-workers.js';
import { TASK_UPDATES, UPDATE_BACKOFF } from '../tasks.jobs.js';
import { TaskUpdatesService } from './task-updates.service.js';
import { readPayload } from './update-payload.js';

/** Jobs at a time: their reports share transactions, which follow each other. */
const CONCURRENCY = 20;

/** Applies the reports that were queued. However often a worker is lost, a report is kept: it was acknowledged. */
@Injectable()
export class TaskUpdatesProcessor extends QueueProcessor {
  constructor(
    workers: QueueWorkers,
    private readonly updates: TaskUpdatesService,
  ) {
    super(workers, TASK_UPDATES, { concurrency: CONCURRENCY, backoff: UPDATE_BACKOFF });
  }

  async process(job: Job<unknown>): Promise<void> {
    const { updates, malformed } = readPayload(job.data, job.timestamp);
    if (updates.length === 0) throw new UnrecoverableError(`no task updates: job ${job.id}`);
    if (malformed > 0) this.log.error(`job ${job.id}: ${malformed} of its entries are no task updates; dropped`);
    await this.updates.apply(updates, job.attemptsStarted > 1);
  }
}
