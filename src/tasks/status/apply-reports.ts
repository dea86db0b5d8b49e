import type { SubtaskStatus, TaskStatus } from '../../infra/database/schema/schema.js';
import type { ReportOutcome, StepDraft } from './classify-report.js';
import type { TaskChange } from '../events/task-change.publisher.js';
import type { LockedStep, LockedTask } from './task-updates.sql.js';
import { isTerminal } from '../task-status.js';
import type { TaskUpdate } from '../tasks.jobs.js';
import { decideTurn, eventKey, type TaskDraft, type TurnState } from './turn-state.js';

/** What became of an update. */
export interface AppliedUpdate {
  outcome: ReportOutcome;
  subtaskId: number;
  /** The rest is missing when the subtask is unknown. */
  taskId?: number;
  /** Whether the update gave the subtask another state. */
  isTransition?: boolean;
  /** States after the updates. */
  status?: SubtaskStatus;
  taskStatus?: TaskStatus;
  /** The turn that it is about, with all its answers. */
  turn?: TaskChange;
  /** Whether executors give one of its answers. */
  hasExecutors?: boolean;
  /** Whether an end that was presumed has been replaced: clients may have received it. */
  isRepaired?: boolean;
}

export interface AppliedUpdates {
  /** One per update, in the same order. */
  results: AppliedUpdate[];
  /** What was written. */
  changes: TaskChange[];
}

/** What the reports of a job make of the turns that they are about. */
export interface ReportsResult extends AppliedUpdates {
  steps: StepDraft[];
  tasks: TaskDraft[];
}

/** A turn with the reports about it, and their places among all. */
interface ReportedTurn {
  turn: TurnState;
  reports: { update: TaskUpdate; place: number }[];
}

/**
 * Decides about many reports at once, turn by turn.
 * @param rows all steps of the turns concerned
 * @param locked their tasks
 */
export function applyReports(
  rows: readonly LockedStep[],
  locked: readonly LockedTask[],
  updates: readonly TaskUpdate[],
): ReportsResult {
  const known = new Set(
    locked.flatMap((task) => task.known.map(({ subtaskId, eventId }) => eventKey(subtaskId, eventId))),
  );
  const result: ReportsResult = { results: updates.map(unknown), changes: [], steps: [], tasks: [] };
  for (const { turn, reports } of groupByTurn(rows, locked, updates)) {
    const { outcomes, steps, task } = decideTurn(
      turn,
      reports.map(({ update }) => update),
      known,
    );
    const changed = steps.filter(({ isChanged }) => isChanged);
    result.steps.push(...changed);
    if (task) result.tasks.push(task);
    if (task || changed.length > 0) {
      const subtaskIds = changed.map(({ id }) => id);
      result.changes.push({ userId: turn.userId, taskId: turn.taskId, subtaskIds, hasEnded: task?.ended === true });
    }
    for (const [index, { update, place }] of reports.entries()) {
      result.results[place] = resultOf(turn, steps, task, update, outcomes[index]);
    }
  }

  return result;
}

const unknown = ({ subtaskId }: TaskUpdate): AppliedUpdate => ({ outcome: 'unknown', subtaskId });

/** Joins the rows to turns, and gives each its reports. */
function groupByTurn(rows: readonly LockedStep[], locked: readonly LockedTask[], updates: readonly TaskUpdate[]) {
  const tasksById = new Map(locked.map((task) => [task.id, task]));
  const turns = new Map<string, ReportedTurn>();
  const bySubtask = new Map<number, ReportedTurn>();
  for (const step of rows.toSorted((a, b) => a.messageId - b.messageId)) {
    const task = tasksById.get(step.taskId);
    if (!task) continue;
    const key = `${step.taskId} ${step.question}`;
    const reported = turns.get(key) ?? { turn: turnOf(task, step.question), reports: [] };
    reported.turn.steps.push(step);
    turns.set(key, reported);
    bySubtask.set(step.id, reported);
  }
  for (const [place, update] of updates.entries()) bySubtask.get(update.subtaskId)?.reports.push({ update, place });

  return turns.values();
}

function turnOf({ id, userId, status, newestQuestion }: LockedTask, question: number): TurnState {
  return { taskId: id, userId, taskStatus: status, isNewest: question === newestQuestion, steps: [] };
}

function resultOf(
  { taskId, userId, taskStatus }: TurnState,
  steps: readonly StepDraft[],
  task: TaskDraft | null,
  { subtaskId, status }: TaskUpdate,
  outcome: ReportOutcome = 'unknown',
): AppliedUpdate {
  const step = steps.find(({ id }) => id === subtaskId);
  const reached = task?.status ?? taskStatus;

  return {
    outcome,
    subtaskId,
    taskId,
    isTransition: step?.was !== status,
    ...(step && { status: step.status }),
    taskStatus: reached,
    turn: { userId, taskId, subtaskIds: steps.map(({ id }) => id), hasEnded: isTerminal(reached) },
    hasExecutors: steps.some(({ lane }) => lane !== null),
    ...(outcome === 'applied' && step?.isRepaired && { isRepaired: true }),
  };
}
