import { isJsonObject } from '../../common/json.js';
import { CAPPED_BACKOFF, cappedBackoff } from '../../infra/queue/capped-backoff.js';

export const IMAGE_VALIDATIONS = 'image-validations';
/** Name of the job that looks for validations that are overdue or forgotten. */
export const SWEEP = 'sweep';

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

const MIN_SILENCE_MS = 1_000;
const MAX_SILENCE_MS = 60_000;
const MAX_SWEEP_MS = 5_000;

/** After this much silence of its manager a validation is given to it again. */
export function silenceMs(timeoutSeconds: number): number {
  return Math.min(Math.max(timeoutSeconds * 100, MIN_SILENCE_MS), MAX_SILENCE_MS);
}

/** How often to look for silent and overdue ones. */
export const sweepMs = (timeoutSeconds: number): number => Math.min(silenceMs(timeoutSeconds) / 4, MAX_SWEEP_MS);
