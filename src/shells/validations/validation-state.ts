/** What reports of the executor manager make of a validation. Pure. */
import {
  type ImageCheck,
  STAGE_PROGRESS,
  VALIDATION_STAGES,
  type ValidationReport,
  type ValidationStage,
} from '../../common/contracts/image-validation.js';
import type { imageValidations, ValidationOutcome } from '../../infra/database/schema/image-validations.schema.js';
import { engineTroubleIn } from '../../common/text/engine-words.js';
import { firstPart, lastPart } from '../../common/text/text-cut.js';

export type ValidationRow = typeof imageValidations.$inferSelect;
export type ValidationChange = Partial<typeof imageValidations.$inferInsert>;
/** Why a report changes nothing. `ended`: no more reports are wanted, stop the run. */
export type Ignored = 'ended' | 'stale';

/** Why a validation ended without a verdict. */
export interface Ending {
  outcome: ValidationOutcome;
  message: string;
  /** e.g. `engine_unavailable`, `deadline_exceeded`. */
  code: string;
}

/** Characters of a log that are kept, from its end. */
const MAX_LOG = 16_384;
/** Characters of the reason that the shells with the image show. */
const MAX_REASON = 4_000;

/**
 * Returns what a report changes. A validation only goes forward: whatever order its reports come in, neither stage nor
 * progress goes back, and nothing is changed after the end.
 */
export function applyReport(row: ValidationRow, report: ValidationReport, now: Date): ValidationChange | Ignored {
  if (row.outcome !== null) return 'ended';
  if (report.status === 'completed') return { ...findings(report), ...endOf(row, report, now) };
  if (isOutdated(row, report)) return 'stale';
  const progress = progressOf(row, report);
  const checks = report.checks && report.checks.length > row.checks.length ? report.checks : row.checks;
  const isNews = report.status !== row.stage || progress > row.progress || checks !== row.checks;
  if (!isNews) return 'stale';

  return {
    ...findings(report),
    checks,
    progress,
    reportSeq: report.seq ?? row.reportSeq,
    ...stageOf(row, report, now),
  };
}

/** Ends a validation without a report. */
export function endBy(row: ValidationRow, { outcome, message, code }: Ending, now: Date): ValidationChange | Ignored {
  if (row.outcome !== null) return 'ended';

  return { outcome, errorMessage: message, errorCode: code, ...closed(row, now) };
}

/** Returns why an image cannot be used, in words. */
export function reasonOf({ errors, checks, errorMessage }: Pick<ValidationRow, 'errors' | 'checks' | 'errorMessage'>) {
  const failed = checks.filter(({ status }) => status === 'fail').map(({ name, message }) => `${name}: ${message}`);
  const reasons = errors.length > 0 ? errors : failed;

  return firstPart(reasons.join('; '), MAX_REASON) || errorMessage || 'The image did not pass its validation';
}

function isOutdated({ stage, reportSeq }: ValidationRow, { status, seq }: ValidationReport): boolean {
  const isBack = rank(status) < rank(stage);

  return isBack || (seq !== undefined && reportSeq !== null && seq <= reportSeq);
}

/** Within the range of its stage: managers that count otherwise do not make it jump. */
function progressOf(row: ValidationRow, { status, progress }: ValidationReport): number {
  const [from, to] = STAGE_PROGRESS[status];

  return Math.max(row.progress, Math.min(Math.max(Math.round(progress ?? from), from), to));
}

function stageOf({ stageTimes }: ValidationRow, { status }: ValidationReport, now: Date): ValidationChange {
  return { stage: status, stageTimes: { [status]: now.toISOString(), ...stageTimes } };
}

function findings({ digest, logTail }: ValidationReport): ValidationChange {
  return {
    ...(digest !== undefined && { digest }),
    ...(logTail !== undefined && { logTail: lastPart(logTail, MAX_LOG) }),
  };
}

function endOf(row: ValidationRow, last: ValidationReport, now: Date): ValidationChange {
  const checks = last.checks ?? row.checks;
  const report = checks.length === 0 ? withTrouble(last) : last;
  const outcome = outcomeOf(report, checks);
  const message = outcome === 'valid' ? null : (report.errorMessage ?? null);
  const errorCode = outcome === 'error' ? (report.code ?? 'internal') : null;
  const errorMessage = outcome === 'error' ? (message ?? 'The executor manager gave no verdict') : message;
  const errors = outcome === 'invalid' ? (report.errors ?? []) : [];

  return { outcome, checks, errors, errorMessage, errorCode, ...closed(row, now) };
}

/** Wegent's manager reports an image as invalid when its registry or its engine is in trouble: that is no verdict. */
function withTrouble(report: ValidationReport): ValidationReport {
  if (report.valid !== false || report.code !== undefined) return report;
  const { errors = [], errorMessage = '' } = report;
  const trouble = engineTroubleIn([errorMessage, ...errors].join('\n'));

  return trouble ? { ...report, code: trouble.code, errorMessage: trouble.message, errors: [] } : report;
}

function outcomeOf({ valid, code, errors = [] }: ValidationReport, checks: ImageCheck[]): ValidationOutcome {
  if (code !== undefined && errors.length === 0) return 'error';
  if (checks.some(({ status }) => status === 'fail') || errors.length > 0) return 'invalid';
  // Without `valid` the checks decide; a manager that reports neither has no verdict.
  if (valid === undefined) return checks.length > 0 ? 'valid' : 'error';

  return valid ? 'valid' : 'invalid';
}

function closed({ stageTimes }: ValidationRow, now: Date): ValidationChange {
  const times = { ...stageTimes, completed: now.toISOString() };

  return { stage: 'completed', progress: 100, stageTimes: times, completedAt: now };
}

const rank = (stage: ValidationStage): number => VALIDATION_STAGES.indexOf(stage);
