import { InjectQueue, OnWorkerEvent, Processor, WorkerHost } from '@nestjs/bullmq';
import { Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { type Job, type Queue, UnrecoverableError } from 'bullmq';
import { AppConfig } from '../../config/app-config.js';
import { logLine } from '../../infra/database/database-errors.js';
import { isOutage } from '../../infra/queue/queue-errors.js';
import { WORKER_OPTIONS } from '../../infra/queue/worker-options.js';
import { ValidationDispatcher } from './validation-dispatcher.js';
import {
  IMAGE_VALIDATIONS,
  isSubmissionJob,
  SUBMISSION_OPTIONS,
  submissionBackoff,
  SWEEP,
  sweepMs,
} from './validations.jobs.js';

/** Submissions wait for the manager most of the time. */
const OPTIONS = { ...WORKER_OPTIONS, concurrency: 32, settings: { backoffStrategy: submissionBackoff } };

/** Gives validations to the executor manager, and looks after those that run. */
@Processor(IMAGE_VALIDATIONS, OPTIONS)
export class ValidationsProcessor extends WorkerHost implements OnApplicationBootstrap {
  private readonly log = new Logger(ValidationsProcessor.name);

  constructor(
    @InjectQueue(IMAGE_VALIDATIONS) private readonly queue: Queue,
    private readonly submissions: ValidationDispatcher,
    private readonly config: AppConfig,
  ) {
    super();
  }

  async onApplicationBootstrap(): Promise<void> {
    if (!this.config.roles.has('worker')) return;
    const every = sweepMs(this.config.images.validationTimeoutSeconds);
    const template = { name: SWEEP, opts: { removeOnComplete: true, removeOnFail: 10 } };
    await this.queue.upsertJobScheduler(SWEEP, { every }, template);
    void this.worker.run();
  }

  async process({ id, name, data, attemptsMade }: Job<unknown>): Promise<void> {
    if (name === SWEEP) return this.submissions.sweep();
    if (!isSubmissionJob(data)) throw new UnrecoverableError(`not a submission: job ${id}`);
    await this.submissions.submit(data.validationId, attemptsMade + 1 >= SUBMISSION_OPTIONS.attempts);
  }

  @OnWorkerEvent('error')
  onError(error: Error): void {
    if (!isOutage(error)) this.log.warn(`worker: ${logLine(error)}`);
  }
}
