import { InjectQueue } from '@nestjs/bullmq';
import { Injectable } from '@nestjs/common';
import { type Job, type Queue, UnrecoverableError } from 'bullmq';
import type { ValidateImageOrder } from '../../common/contracts/image-validation.js';
import { errorCode } from '../../common/app-error.js';
import { isJsonObject } from '../../common/text/json.js';
import { logLine } from '../../infra/database/database-errors.js';
import { ImageManagerHttp } from '../../infra/http/client/executor-manager-http.js';
import type { InternalReply } from '../../infra/http/client/internal-http.js';
import { CAPPED_BACKOFF, cappedBackoff } from '../../infra/queue/capped-backoff.js';
import { QueueProcessor } from '../../infra/queue/queue-processor.js';
import { QueueWorkers } from '../../infra/queue/queue-workers.js';
import { applyReport, type Ending, endBy, type ValidationRow } from './validation-state.js';
import { ValidationTransitions } from './validation-transitions.js';
import { ValidationsRepository } from './validations.repository.js';

export const IMAGE_VALIDATIONS = 'image-validations';

/** Submits a validation to the executor manager. */
export interface SubmissionJob {
  validationId: string;
}

/** All attempts take some 30 s: a manager that is started anew is back by then. */
export const SUBMISSION_OPTIONS = {
  attempts: 9,
  backoff: CAPPED_BACKOFF,
  removeOnComplete: true,
  removeOnFail: true,
} as const;

const SUBMISSION_BACKOFF = cappedBackoff({ baseMs: 250, capMs: 8_000 });

/** One job per submission, however often it is asked for. */
export const submissionJobId = (validationId: string, submissions: number): string => `${validationId}-${submissions}`;

/** Scheduler of earlier releases, whose work is a maintenance task now. */
const RETIRED_SCHEDULER = 'sweep';
/** Submissions wait for the manager most of the time. */
const CONCURRENCY = 32;
/** Refusals below 500 that may be overcome by another attempt; the others are final. */
const TRANSIENT = [408, 425, 429];
const MIN_PATIENCE_MS = 10_000;

/** Failures of connections: no order can have arrived. */
const NEVER_ARRIVED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOENT']);
const WAITING = 'The executor manager has the order, and has not reported yet: it may be busy';
const NO_REPLY = { body: {} as Record<string, unknown> };

/** The manager has answered that it did not accept an order. */
class NotOrderedError extends Error {}

/** Submits validations to the executor manager, and applies its reply. */
@Injectable()
export class ValidationsProcessor extends QueueProcessor {
  constructor(
    workers: QueueWorkers,
    @InjectQueue(IMAGE_VALIDATIONS) private readonly queue: Queue,
    private readonly repository: ValidationsRepository,
    private readonly transitions: ValidationTransitions,
    private readonly manager: ImageManagerHttp,
  ) {
    super(workers, IMAGE_VALIDATIONS, { concurrency: CONCURRENCY, backoff: SUBMISSION_BACKOFF });
  }

  protected override async beforeStart(): Promise<void> {
    await this.queue.removeJobScheduler(RETIRED_SCHEDULER);
  }

  async process({ id, data, attemptsMade }: Job<unknown>): Promise<void> {
    if (!isSubmissionJob(data)) throw new UnrecoverableError(`not a submission: job ${id}`);
    await this.submit(data.validationId, attemptsMade + 1 >= SUBMISSION_OPTIONS.attempts);
  }

  /**
   * Submits a validation: once, unless the manager certainly has no order, or joins repeated ones.
   * @param isLast whether no more attempts follow: then a failure ends it
   * @throws when another attempt may help
   */
  private async submit(id: string, isLast: boolean): Promise<void> {
    const row = await this.repository.beginSubmission(id);
    if (!row) return;
    if (row.orderedAt !== null && !(await this.joinsOrders())) return this.wait(row);
    await this.repository.setOrdered(id, new Date());
    try {
      await this.handleReply(row, await this.manager.post('/images/validate', orderOf(row), patienceMs(row)));
    } catch (error) {
      const mayHaveArrived = !(error instanceof NotOrderedError) && !NEVER_ARRIVED.has(errorCode(error) ?? '');
      if (mayHaveArrived && !(await this.joinsOrders())) return this.wait(row);
      await this.repository.setOrdered(id, null);
      const message = `The executor manager does not answer: ${logLine(error)}`;
      if (isLast) {
        this.log.warn(`validation ${id}: ${message}`);

        return this.end(id, { outcome: 'error', code: 'manager_unavailable', message });
      }
      await this.transitions.change(id, (now) => withMessage(now, `${message}; trying again`));
      throw new Error(message, { cause: error });
    }
  }

  /**
   * Whether the manager makes one run of repeated orders. That of this project does, and is known by its load; for Wegent's
   * each order is another container.
   */
  private async joinsOrders(): Promise<boolean> {
    if (this.manager.isEmbedded) return true;
    const { body } = await this.manager.get('/executor/load').catch(() => NO_REPLY);

    return Array.isArray(body['images']);
  }

  /** Leaves a validation to its manager until the deadline. */
  private async wait({ id }: ValidationRow): Promise<void> {
    this.log.log(
      `validation ${id}: the executor manager has the order and may be busy with it; waiting for its report`,
    );
    await this.transitions.change(id, (now) => withMessage(now, WAITING));
  }

  private async handleReply(row: ValidationRow, { status, body, message }: InternalReply): Promise<void> {
    // What is in front of the manager has lost patience, not the manager.
    if (status === 504) throw new Error(`HTTP ${status} ${message}`);
    if (status >= 500 || TRANSIENT.includes(status)) throw new NotOrderedError(`HTTP ${status} ${message}`);
    if (status < 300 && body.status === 'submitted') {
      await this.transitions.change(row.id, (now) => withMessage(now, null));
    } else if (status < 300 && body.status === 'skipped') {
      const valid = body.valid !== false;
      await this.transitions.change(row.id, (now, at) => applyReport(now, { status: 'completed', valid }, at));
    } else {
      const text = `The executor manager refused the image: HTTP ${status} ${message}`;
      await this.end(row.id, { outcome: 'error', code: 'manager_refused', message: text });
    }
  }

  private async end(id: string, ending: Ending): Promise<void> {
    await this.transitions.change(id, (row, now) => endBy(row, ending, now));
  }
}

/** Wegent's manager answers after the pull: it gets the rest of the time that the validation has. */
function patienceMs({ deadlineAt }: ValidationRow): number {
  return Math.max(deadlineAt.getTime() - Date.now(), MIN_PATIENCE_MS);
}

function isSubmissionJob(data: unknown): data is SubmissionJob {
  return isJsonObject(data) && typeof data.validationId === 'string';
}

function orderOf({ id, image, shellType, shellName }: ValidationRow): ValidateImageOrder {
  return { image, shell_type: shellType, ...(shellName !== null && { shell_name: shellName }), validation_id: id };
}

/** Sets or removes the current problem of a running validation. */
function withMessage(row: ValidationRow, errorMessage: string | null) {
  if (row.outcome !== null) return 'ended';

  return row.errorMessage === errorMessage ? 'stale' : { errorMessage };
}
