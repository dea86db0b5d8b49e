import { Injectable, Logger } from '@nestjs/common';
import type { ValidateImageOrder } from '../../common/image-validation.js';
import { logLine } from '../../infra/database/database-errors.js';
import { ImageManagerHttp } from '../../infra/http/client/executor-manager-http.js';
import type { InternalReply } from '../../infra/http/client/internal-http.js';
import { ValidationTransitions } from './validation-transitions.js';
import { applyReport, type Ending, endBy, type ValidationRow } from './validation-state.js';
import { ValidationsRepository } from './validations.repository.js';

/** Refusals that another attempt may turn into a yes; the others are final, as are all below 500. */
const TRANSIENT = [408, 425, 429];

/** Submits validations to the executor manager, and applies its reply. */
@Injectable()
export class ValidationDispatcher {
  private readonly log = new Logger(ValidationDispatcher.name);

  constructor(
    private readonly repository: ValidationsRepository,
    private readonly changes: ValidationTransitions,
    private readonly manager: ImageManagerHttp,
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
      await this.handleReply(row, await this.manager.post('/images/validate', orderOf(row)));
    } catch (error) {
      const message = `The executor manager does not answer: ${logLine(error)}`;
      if (isLast) {
        this.log.warn(`validation ${id}: ${message}`);

        return this.end(id, { outcome: 'error', code: 'manager_unavailable', message });
      }
      await this.changes.change(id, (now) => withMessage(now, `${message}; trying again`));
      throw new Error(message, { cause: error });
    }
  }

  private async handleReply(row: ValidationRow, { status, body, message }: InternalReply): Promise<void> {
    if (status >= 500 || TRANSIENT.includes(status)) throw new Error(`HTTP ${status} ${message}`);
    if (status < 300 && body.status === 'submitted') {
      await this.changes.change(row.id, (now) => withMessage(now, null));
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
function withMessage(row: ValidationRow, errorMessage: string | null) {
  if (row.outcome !== null) return 'ended';

  return row.errorMessage === errorMessage ? 'stale' : { errorMessage };
}
