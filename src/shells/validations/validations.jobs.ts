import { isJsonObject } from '../../common/json.js';
import { CAPPED_BACKOFF, cappedBackoff } from '../../infra/queue/capped-backoff.js';

export const IMAGE_VALIDATIONS = 'image-validations';

/** Gives a validation to the executor manager. */
export interface SubmissionJob {
  validationId: string;
}

/** All attempts take some 30 s, waits for replies not counted: a manager that is started anew is back by then. */
export const SUBMISSION_OPTIONS = {
  attempts: 9,
  backoff: CAPPED_BACKOFF,
  removeOnComplete: true,
  removeOnFail: true,
} as const;

export const SUBMISSION_BACKOFF = cappedBackoff({ baseMs: 250, capMs: 8_000 });

/** One job per submission, however often it is asked for. */
export const submissionJobId = (validationId: string, submissions: number): string => `${validationId}-${submissions}`;

export function isSubmissionJob(data: unknown): data is SubmissionJob {
  return isJsonObject(data) && typeof data.validationId === 'string';
}
