import { InjectQueue } from '@nestjs/bullmq';
import { Injectable } from '@nestjs/common';
import { type Job, type Queue, UnrecoverableError } from 'bullmq';
import { QueueProcessor } from '../../infra/queue/queue-processor.js';
import { QueueWorkers } from '../../infra/queue/queue-workers.js';
import { ValidationDispatcher } from './validation-dispatcher.js';
import { IMAGE_VALIDATIONS, isSubmissionJob, SUBMISSION_BACKOFF, SUBMISSION_OPTIONS } from './validations.jobs.js';

/** Scheduler of earlier releases, whose work is a maintenance task now. */
const RETIRED_SCHEDULER = 'sweep';
/** Submissions wait for the manager most of the time. */
const CONCURRENCY = 32;

/** Submits validations to the executor manager. */
@Injectable()
export class ValidationsProcessor extends QueueProcessor {
  constructor(
    workers: QueueWorkers,
    @InjectQueue(IMAGE_VALIDATIONS) private readonly queue: Queue,
    private readonly submissions: ValidationDispatcher,
  ) {
    super(workers, IMAGE_VALIDATIONS, { concurrency: CONCURRENCY, backoff: SUBMISSION_BACKOFF });
  }

  protected override async beforeStart(): Promise<void> {
    await this.queue.removeJobScheduler(RETIRED_SCHEDULER);
  }

  async process({ id, data, attemptsMade }: Job<unknown>): Promise<void> {
    if (!isSubmissionJob(data)) throw new UnrecoverableError(`not a submission: job ${id}`);
    await this.submissions.submit(data.validationId, attemptsMade + 1 >= SUBMISSION_OPTIONS.attempts);
  }
}
