import { Injectable, Logger } from '@nestjs/common';
import type { ValidateImageOrder } from '../../common/image-validation.js';
import { AppConfig } from '../../config/app-config.js';
import { logLine } from '../../infra/database/database-errors.js';
import { ImageManagerHttp } from '../../infra/http/client/executor-manager-http.js';
import type { InternalReply } from '../../infra/http/client/internal-http.js';
import { ValidationTransitions } from './validation-transitions.js';
import { ValidationStarter } from './validation-starter.js';
import { applyReport, type Ending, endBy, type ValidationRow } from './validation-state.js';
import { silenceMs } from './validations.jobs.js';
import { ValidationsRepository } from './validations.repository.js';

/** Found by one sweep; the next one finds the rest. */
const MAX_SWEPT = 200;
/** Refusals that another attempt may turn into a yes; the others are final, as are all below 500. */
const TRANSIENT = [408, 425, 429];

/** Gives validations to the executor manager, and watches over what becomes of them. */
@Injectable()
export class ValidationDispatcher {
  private readonly log = new Logger(ValidationDispatcher.name);

  constructor(
    private readonly repository: ValidationsRepository,
    private readonly changes: ValidationTransitions,
    private readonly requests: ValidationStarter,
    private readonly manager: ImageManagerHttp,
    private readonly config: AppConfig,
  ) {}

  /**
   * The manager knows a validation by its id: given to it twice, it is one run.
   * @param isLast whether no more attempts follow: then a failure ends it
   * @throws when another attempt may help
   */
  async submit(id: string, isLast: boolean): Promise<void> {
    const row = await this.repository.beginSubmission(id);
    if (!row) return;
    try {
      await this.take(row, await this.manager.post('/images/validate', orderOf(row)));
    } catch (error) {
      const message = `The executor manager does not answer: ${logLine(error)}`;
      if (isLast) {
        this.log.warn(`validation ${id}: ${message}`);

        return this.end(id, { outcome: 'error', code: 'manager_unavailable', message });
      }
      await this.changes.change(id, (now) => noted(now, `${message}; trying again`));
      throw new Error(message, { cause: error });
    }
  }

  /** Ends what is overdue, and gives to the manager again what it seems to have lost. */
  async sweep(): Promise<void> {
    const { validationTimeoutSeconds: seconds } = this.config.images;
    const now = Date.now();
    for (const row of await this.repository.overdue(new Date(now), MAX_SWEPT))
      await this.end(row.id, late(row, seconds));
    const silent = await this.repository.silent(new Date(now - silenceMs(seconds)), MAX_SWEPT);
    for (const row of silent) await this.requests.submit(row);
  }

  private async take(row: ValidationRow, { status, body, message }: InternalReply): Promise<void> {
    if (status >= 500 || TRANSIENT.includes(status)) throw new Error(`HTTP ${status} ${message}`);
    if (status < 300 && body.status === 'submitted') {
      await this.changes.change(row.id, (now) => noted(now, null));
    } else if (status < 300 && body.status === 'skipped') {
      const valid = body.valid !== false;
      await this.changes.change(row.id, (now, at) => applyReport(now, { status: 'completed', valid }, at));
    } else {
      const text = `The executor manager refused the image: HTTP ${status} ${message}`;
      await this.end(row.id, { outcome: 'error', code: 'manager_refused', message: text });
    }
  }

  private async end(id: string, ending: Ending): Promise<void> {
    await this.changes.change(id, (row, now) => endBy(row, ending, now));
  }
}

function orderOf({ id, image, shellType, shellName }: ValidationRow): ValidateImageOrder {
  return { image, shell_type: shellType, ...(shellName !== null && { shell_name: shellName }), validation_id: id };
}

/** What stands in the way of a running validation; null: nothing any more. */
function noted(row: ValidationRow, errorMessage: string | null) {
  if (row.outcome !== null) return 'ended';

  return row.errorMessage === errorMessage ? 'stale' : { errorMessage };
}

function late({ stage, errorMessage }: ValidationRow, seconds: number): Ending {
  const trouble = errorMessage === null ? '' : ` (${errorMessage})`;

  return {
    outcome: 'error',
    code: 'deadline_exceeded',
    message: `The validation did not end within ${seconds} s; it was at the stage ${stage}${trouble}`,
  };
}
