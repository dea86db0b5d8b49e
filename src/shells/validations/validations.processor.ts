import { InjectQueue } from '@nestjs/bullmq';
import { Injectable } from '@nestjs/common';
import { type Job, type Queue, UnrecoverableError } from 'bullmq';
import { AppConfig } from '../../config/app-config.js';
import { QueueProcessor } from '../../infra/queue/queue-processor.js';
import { QueueWorkers } from '../../infra/queue/queue-workers.js';
import { ValidationDispatcher } from './validation-dispatcher.js';
import {
  IMAGE_VALIDATIONS,
  isSubmissionJob,
  SUBMISSION_BACKOFF,
  SUBMISSION_OPTIONS,
  SWEEP,
  sweepMs,
} from './validations.jobs.js';

/** Submissions wait for the manager most of the time. */
const CONCURRENCY = 32;

/** Submits validations to the executor manager, and looks after those that run. */
@Injectable()
export class ValidationsProcessor extends QueueProcessor {
  constructor(
    workers: QueueWorkers,
    @InjectQueue(IMAGE_VALIDATIONS) private readonly queue: Queue,
    private readonly submissions: ValidationDispatcher,
    private readonly config: AppConfig,
  ) {
    super(workers, IMAGE_VALIDATIONS, { concurrency: CONCURRENCY, backoff: SUBMISSION_BACKOFF });
  }

  protected override async beforeStart(): Promise<void> {
    const every = sweepMs(this.config.images.validationTimeoutSeconds);
    const template = { name: SWEEP, opts: { removeOnComplete: true, removeOnFail: 10 } };
    await this.queue.upsertJobScheduler(SWEEP, { every }, template);
  }

  async process({ id, name, data, attemptsMade }: Job<unknown>): Promise<void> {
    if (name === SWEEP) return this.submissions.sweep();
    if (!isSubmissionJob(data)) throw new UnrecoverableError(`not a submission: job ${id}`);
    await this.submissions.submit(data.validationId, attemptsMade + 1 >= SUBMISSION_OPTIONS.attempts);
  }
}
