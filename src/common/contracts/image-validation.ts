/** Messages between Conch and executor managers about the validation of an image: Wegent's format with additions. */

/** How far a validation is. */
export const VALIDATION_STAGES = [
  'submitted',
  'pulling_image',
  'starting_container',
  'running_checks',
  'completed',
] as const;
export type ValidationStage = (typeof VALIDATION_STAGES)[number];

/** Least and greatest percent of each stage. */
export const STAGE_PROGRESS: Readonly<Record<ValidationStage, readonly [from: number, to: number]>> = {
  submitted: [10, 10],
  pulling_image: [20, 50],
  starting_container: [60, 60],
  running_checks: [70, 95],
  completed: [100, 100],
};

/** What one check of an image has found. */
export interface ImageCheck {
  /** e.g. `node`. */
  name: string;
  status: 'pass' | 'fail';
  version: string | null;
  /** What was found, and wanted. */
  message: string;
  /** How to mend the image; not in Wegent's wire. */
  hint?: string;
}

/** Body of `POST {EXECUTOR_MANAGER_URL}/executor-manager/images/validate`. The same validation twice is one run. */
export interface ValidateImageOrder {
  image: string;
  shell_type: string;
  shell_name?: string;
  validation_id?: string;
}

/**
 * Why nothing can be said about an image. A report with such a code, in place of `errors`, ends a validation without a
 * verdict: it can be tried again.
 */
export type TroubleCode =
  /** The container engine does not answer. */
  | 'engine_unavailable'
  /** The registry does not answer, or has too much to do. */
  | 'registry_unavailable'
  /** The engine has no room for the image. */
  | 'disk_full'
  /** The manager was stopped in the middle. */
  | 'interrupted'
  /** A bug. */
  | 'internal';

/**
 * Body of `POST /api/shells/validation-status/{id}`. A report with `status: "completed"` is the last one:
 * - `valid: true`, and no check has failed: the image can be used;
 * - `code` and `errorMessage`: nothing was found out;
 * - else it cannot be used, and `checks`, `errors` and `errorMessage` say why.
 */
export interface ValidationReport {
  status: ValidationStage;
  /** Wegent repeats the status in it, more or less. */
  stage?: string;
  /** Percent of the whole. */
  progress?: number;
  valid?: boolean;
  /** All so far. */
  checks?: ImageCheck[];
  /** Sentences that say why the image cannot be used. */
  errors?: string[];
  errorMessage?: string;

  // Not in Wegent's wire:
  /** A {@link TroubleCode}, or one that is not known yet. */
  code?: string;
  /** Digest of the validated image, `sha256:…`. */
  digest?: string;
  /** End of what the container has printed. */
  logTail?: string;
  /** Grows from report to report of one run, so that a late one is known. */
  seq?: number;
}
