import type { SubtaskStatus, TaskStatus } from '../infra/database/schema/schema.js';

/** Which states may follow which. Terminal states are final; only deletion follows them. */
export const SUBTASK_TRANSITIONS: Record<SubtaskStatus, readonly SubtaskStatus[]> = {
  // Reports may overtake each other, so an end may be the first report about a subtask.
  PENDING: ['RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED', 'DELETE'],
  // PENDING again: its executor was lost, and others may claim it.
  RUNNING: ['PENDING', 'RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED', 'DELETE'],
  COMPLETED: ['DELETE'],
  FAILED: ['DELETE'],
  CANCELLED: ['DELETE'],
  DELETE: [],
};

export const TASK_TRANSITIONS: Record<TaskStatus, readonly TaskStatus[]> = {
  PENDING: ['RUNNING', 'CANCELLING', 'COMPLETED', 'FAILED', 'CANCELLED', 'DELETE'],
  RUNNING: ['RUNNING', 'CANCELLING', 'COMPLETED', 'FAILED', 'CANCELLED', 'DELETE'],
  CANCELLING: ['CANCELLING', 'COMPLETED', 'FAILED', 'CANCELLED', 'DELETE'],
  // A new turn opens an ended task again.
  COMPLETED: ['PENDING', 'DELETE'],
  FAILED: ['PENDING', 'DELETE'],
  CANCELLED: ['PENDING', 'DELETE'],
  DELETE: [],
};

export const TERMINAL = ['COMPLETED', 'FAILED', 'CANCELLED'] as const satisfies readonly SubtaskStatus[];
export const UNFINISHED = ['PENDING', 'RUNNING'] as const satisfies readonly SubtaskStatus[];

/** The states from which `to` may be reached: the guard of every status write. */
export function fromStates<State extends string>(table: Record<State, readonly State[]>, to: State): State[] {
  return (Object.keys(table) as State[]).filter((from) => table[from].includes(to));
}

export function isTerminal(status: string): boolean {
  return (TERMINAL as readonly string[]).includes(status);
}

/**
 * The state of a task from the answers of its newest turn, and whether it is being cancelled. It has ended exactly
 * when all of them have: a task that says so while one still runs could be deleted or get a new turn meanwhile.
 */
export function deriveTaskStatus(subtasks: readonly SubtaskStatus[], cancelling: boolean): TaskStatus {
  if (subtasks.length > 0 && subtasks.every(isTerminal)) {
    return (['FAILED', 'CANCELLED'] as const).find((bad) => subtasks.includes(bad)) ?? 'COMPLETED';
  }
  if (cancelling) return 'CANCELLING';

  return subtasks.every((status) => status === 'PENDING') ? 'PENDING' : 'RUNNING';
}

/** Share of ended subtasks in percent, 0..100. */
export function deriveProgress(subtasks: readonly { status: SubtaskStatus; progress: number }[]): number {
  if (subtasks.length === 0) return 0;
  const total = subtasks.reduce((sum, { status, progress }) => sum + (isTerminal(status) ? 100 : progress), 0);

  return Math.floor(total / subtasks.length);
}

/**
 * Share of a lease that must be left for a sign of life not to renew it. Writing it with every report would cost an
 * entry in each index of the row.
 */
export const LEASE_IS_FRESH = 0.75;
