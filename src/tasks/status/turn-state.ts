import type { TaskStatus } from '../../infra/database/schema/schema.js';
import {
  draftOf,
  classifyReport,
  type ReportOutcome,
  type StepState,
  type StepDraft,
  withReport,
} from './classify-report.js';
import { deriveProgress, deriveTaskStatus, isTerminal, TASK_TRANSITIONS } from '../task-status.js';
import type { TaskUpdate } from '../tasks.jobs.js';

/** A turn as the database has it. */
export interface TurnState {
  taskId: number;
  userId: number;
  taskStatus: TaskStatus;
  /** Whether it is the newest of its task: only that one makes the task's state. */
  isNewest: boolean;
  /** Its answers, in their order. */
  steps: StepState[];
}

/** What is to be written of a task. */
export interface TaskDraft {
  id: number;
  was: TaskStatus;
  status: TaskStatus;
  /** Percent, 0..100. */
  progress: number;
  /** The subtask whose result is the task's. */
  resultOf: number | null;
  errorMessage: string | null;
  ended: boolean;
  title: string | null;
}

/** What reports make of a turn. */
export interface TurnDecision {
  /** One per report, in the same order. */
  outcomes: ReportOutcome[];
  /** All steps; those with `isChanged` are to be written. */
  steps: StepDraft[];
  /** Null when the task stays as it is. */
  task: TaskDraft | null;
}

/** How a report is known again: see table executor_events. */
export const eventKey = (subtaskId: number, eventId: string) => `${subtaskId} ${eventId}`;

/**
 * What reports make of a turn and of its task: the one place where that is decided. Without reports it corrects a
 * task whose state is not that of its turn.
 * @param knownEvents the {@link eventKey}s of reports that were applied before
 */
export function decideTurn(
  turn: TurnState,
  reports: readonly TaskUpdate[],
  knownEvents: ReadonlySet<string>,
): TurnDecision {
  const steps = new Map(turn.steps.map((step) => [step.id, draftOf(step)]));
  const events = new Set(knownEvents);
  let title: string | null = null;
  const outcomes = reports.map((update): ReportOutcome => {
    const step = steps.get(update.subtaskId);
    if (!step) return 'unknown';
    const key = update.report?.eventId === undefined ? null : eventKey(step.id, update.report.eventId);
    const outcome = classifyReport(step, update, key !== null && events.has(key));
    if (outcome !== 'applied') return outcome;
    steps.set(step.id, withReport(step, update));
    if (key !== null) events.add(key);
    title = update.report?.taskTitle?.trim() ? update.report.taskTitle : title;

    return outcome;
  });
  const settled = withConsequences(reopened(turn, [...steps.values()]), turn.taskStatus === 'CANCELLING');

  return { outcomes, steps: settled, task: turn.isNewest ? taskOf(turn, settled, title) : null };
}

/**
 * A repaired step gives the steps after it their turn, if they were cancelled because of its presumed failure. Those of a
 * turn that is not the newest stay as they are: the conversation has gone on without them.
 */
function reopened({ isNewest }: TurnState, steps: StepDraft[]): StepDraft[] {
  if (!isNewest || !steps.some(({ isRepaired }) => isRepaired)) return steps;

  return steps.map((step) =>
    step.status === 'CANCELLED' && step.isPresumed
      ? { ...step, status: 'PENDING', progress: 0, errorMessage: null, isPresumed: false, isChanged: true }
      : step,
  );
}

/** A step that ended badly, or a cancel, ends the steps that wait; one that completed lets the next one begin. */
function withConsequences(steps: StepDraft[], cancelling: boolean): StepDraft[] {
  const end = endOfWaiting(steps, cancelling);
  if (end === null) return withNextStep(steps);

  return steps.map((step) => (step.status === 'PENDING' ? { ...step, ...CANCELLED, ...end } : step));
}

/** Returns why waiting steps end, and whether that is only presumed; null when they need not. */
function endOfWaiting(
  steps: readonly StepDraft[],
  cancelling: boolean,
): Pick<StepDraft, 'errorMessage' | 'isPresumed'> | null {
  const place = steps.findIndex(({ status }) => status === 'FAILED' || status === 'CANCELLED');
  const bad = steps[place];
  if (bad) {
    const how = bad.status === 'FAILED' ? 'failed' : 'was cancelled';

    return { errorMessage: `Not started: step ${place + 1} ${how}`, isPresumed: bad.isPresumed };
  }
  if (!cancelling || !steps.some(({ status }) => isTerminal(status))) return null;

  return { errorMessage: 'Not started: the task was cancelled', isPresumed: false };
}

const CANCELLED = { status: 'CANCELLED', progress: 100, lease: 'clear', isChanged: true } as const;

/**
 * The first step that has not completed is next, from the moment on when the one before it has completed. In a direct chat
 * it counts as asked for then, if the turn was begun at all. For executors it enters their queue: with the rank of an earlier
 * step, so that it goes before newer work, or else behind the work that waits there.
 */
function withNextStep(steps: StepDraft[]): StepDraft[] {
  const index = steps.findIndex(({ status }) => status !== 'COMPLETED');
  const next = steps[index];
  if (!next || index === 0) return steps;
  if (next.lane === null) return next.isAsked || !wasBegun(steps) ? steps : steps.with(index, asked(next));
  if (next.fairRank !== null) return steps;
  const fairRank = steps.slice(0, index).findLast((step) => step.fairRank !== null)?.fairRank ?? null;

  return steps.with(index, { ...next, fairRank, isQueued: fairRank === null, isChanged: true });
}

/** Whether a request has begun the turn: executors may claim their first step without one. */
const wasBegun = ([first]: readonly StepDraft[]) => first !== undefined && (first.isAsked || first.lane !== null);

const asked = (step: StepDraft): StepDraft => ({ ...step, isAsked: true, isChanged: true });

function taskOf(turn: TurnState, steps: readonly StepDraft[], title: string | null): TaskDraft | null {
  const { taskId, taskStatus } = turn;
  const status = deriveTaskStatus(
    steps.map((step) => step.status),
    taskStatus === 'CANCELLING',
  );
  const isChanged = status !== taskStatus || steps.some((step) => step.isChanged);
  const mayFollow = TASK_TRANSITIONS[taskStatus].includes(status) || isRepairedTask(turn, steps);
  if (!isChanged || !mayFollow) return null;
  const ended = isTerminal(status);

  return {
    id: taskId,
    was: taskStatus,
    status,
    progress: ended ? 100 : deriveProgress(steps),
    ...outcomeOf(steps, status),
    ended,
    title,
  };
}

/** A task that had ended by the presumed failure of a step follows its repaired turn. */
function isRepairedTask({ taskStatus }: TurnState, steps: readonly StepDraft[]): boolean {
  return taskStatus === 'FAILED' && steps.some(({ isRepaired }) => isRepaired);
}

/** Returns the result of a turn, and for one that ended badly the reason. */
export function outcomeOf(
  steps: readonly Pick<StepState, 'id' | 'status' | 'hasResult' | 'errorMessage'>[],
  status: TaskStatus,
): Pick<TaskDraft, 'resultOf' | 'errorMessage'> {
  const hasFailed = status === 'FAILED' || status === 'CANCELLED';
  // The step that ended the turn, not those that were not started because of it.
  const ended = hasFailed ? steps.find((step) => step.status === status) : undefined;

  return {
    resultOf: steps.findLast((step) => step.hasResult)?.id ?? null,
    errorMessage: ended?.errorMessage ?? null,
  };
}
