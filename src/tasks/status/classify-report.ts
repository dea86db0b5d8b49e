import type { SubtaskResult, SubtaskStatus } from '../../infra/database/schema/schema.js';
import { isTerminal, SUBTASK_TRANSITIONS } from '../task-status.js';
import type { TaskUpdate } from '../tasks.jobs.js';

/**
 * What became of a report. `terminal`: its subtask had ended; `stale`: a newer one was applied, or the step
 * was not dispatched yet; `duplicate`: this very report was applied; `unknown`: there is no such subtask.
 */
export type ReportOutcome = 'applied' | 'terminal' | 'stale' | 'duplicate' | 'unknown';

/** An answer of a turn, as far as its state depends on it. Answers are the steps of a turn; most turns have one. */
export interface StepState {
  id: number;
  status: SubtaskStatus;
  /** Percent, 0..100. */
  progress: number;
  hasResult: boolean;
  errorMessage: string | null;
  /** Its dispatch queue; null when no executor may answer it. */
  lane: string | null;
  fairRank: number | null;
  /** Whether a direct chat was asked for. */
  isAsked: boolean;
  reportSeq: number | null;
  reportOrder: number | null;
  /** How often executors have claimed it. */
  offers: number;
  /** Whether its end was concluded without the word of its executor. */
  isPresumed: boolean;
}

/** A step with what reports made of it, to be written. */
export interface StepDraft extends StepState {
  /** Its state before. */
  was: SubtaskStatus;
  isChanged: boolean;
  /** Whether it had ended before, by a presumption that was wrong. */
  isRepaired: boolean;
  /** Whether it enters its dispatch queue behind the work that waits there, as no step before it has a rank. */
  isQueued: boolean;
  lease: 'keep' | 'extend' | 'clear';
  /** Ids of applied reports. */
  eventIds: string[];
  result?: SubtaskResult;
  title?: string;
  executorName?: string;
  executorNamespace?: string;
  terminal?: TaskUpdate['terminal'];
}

/** A step that no report has changed yet. */
export function draftOf(step: StepState): StepDraft {
  return {
    ...step,
    was: step.status,
    isChanged: false,
    isRepaired: false,
    isQueued: false,
    lease: 'keep',
    eventIds: [],
  };
}

/**
 * Whether a report corrects a failure that was only presumed: the executor counted as lost, or its manager failed to start
 * it without a reason, and yet it has completed the work. All other ends are final.
 */
export function isRepair(
  { status, isPresumed }: Pick<StepState, 'status' | 'isPresumed'>,
  update: Pick<TaskUpdate, 'status' | 'report'>,
): boolean {
  return status === 'FAILED' && isPresumed && update.status === 'COMPLETED' && update.report !== undefined;
}

/**
 * Whether a report counts.
 * @param isKnownEvent whether its event id was applied before
 */
export function classifyReport(
  step: StepState,
  update: TaskUpdate,
  isKnownEvent: boolean,
): Exclude<ReportOutcome, 'unknown'> {
  if (isRepair(step, update)) return 'applied';
  if (!SUBTASK_TRANSITIONS[step.status].includes(update.status)) return 'terminal';
  if (isKnownEvent) return 'duplicate';
  if (isBeforeDispatch(step, update)) return 'stale';

  // Of an executor that was given up: its numbers are not those of the executor that has the step now. Its answer counts.
  if ((update.report?.offer ?? step.offers) < step.offers) return update.status === 'COMPLETED' ? 'applied' : 'stale';

  return classifyByOrder(step, update);
}

function classifyByOrder(step: StepState, { status, report }: TaskUpdate): 'applied' | 'stale' | 'duplicate' {
  const { seq, order } = report ?? {};
  if (seq !== undefined) return step.reportSeq !== null && seq <= step.reportSeq ? 'stale' : 'applied';
  // Executors that number nothing: the end of the work counts whenever it comes, all else in the order of arrival.
  if (order === undefined || step.reportOrder === null || isTerminal(status)) return 'applied';
  if (order === step.reportOrder) return 'duplicate';

  return order < step.reportOrder ? 'stale' : 'applied';
}

/**
 * RUNNING of a step that waits counts as a claim once the step is in the dispatch queue. Its executor was late, the
 * lease ran out and the step was queued again, but the work goes on: if the report were refused, two executors would do
 * it. Should the report be the last sign of life, the lease that it gives runs out as well, and the step is queued again.
 * A later step of a pipeline has not been dispatched, so no executor can be at work on it.
 */
function isBeforeDispatch(step: StepState, update: TaskUpdate): boolean {
  return update.status === 'RUNNING' && step.status === 'PENDING' && step.lane !== null && step.fairRank === null;
}

/** The step after a report that counts. */
export function withReport(step: StepDraft, update: TaskUpdate): StepDraft {
  const { status, result, terminal, report } = update;
  const ended = isTerminal(status);

  return {
    ...step,
    status,
    isChanged: true,
    isRepaired: step.isRepaired || isRepair(step, update),
    isPresumed: update.isPresumed === true,
    // Progress never goes back, whatever order reports come in.
    progress: ended ? 100 : Math.max(step.progress, update.progress ?? 0),
    errorMessage: errorOf(step, update),
    lease: ended ? 'clear' : step.lane === null ? 'keep' : 'extend',
    reportSeq: newest(step.reportSeq, report?.seq),
    reportOrder: newest(step.reportOrder, report?.order),
    eventIds: report?.eventId === undefined ? step.eventIds : [...step.eventIds, report.eventId],
    ...(result && { result, hasResult: true }),
    terminal: terminal ?? terminalBefore(step, update),
    ...namesIn(report),
  };
}

/** What a repair corrects is not the end any more. */
function terminalBefore(step: StepDraft, update: TaskUpdate): StepDraft['terminal'] {
  return isRepair(step, update) ? undefined : step.terminal;
}

/** Executors send texts like "Task executed successfully" as the error of what went well. */
function errorOf(step: StepState, { status, errorMessage }: TaskUpdate): string | null {
  if (status === 'COMPLETED') return null;

  return status === 'RUNNING' ? step.errorMessage : (errorMessage ?? step.errorMessage);
}

/** An empty name is none: it must not hide where the work is done. */
function namesIn({ executorName, executorNamespace, subtaskTitle }: NonNullable<TaskUpdate['report']> = {}) {
  return {
    ...(executorName && { executorName }),
    ...(executorNamespace !== undefined && { executorNamespace }),
    ...(subtaskTitle && { title: subtaskTitle }),
  };
}

function newest(known: number | null, reported: number | undefined): number | null {
  return reported === undefined ? known : Math.max(known ?? reported, reported);
}
