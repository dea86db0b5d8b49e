import type { ErrorEvent, TerminalEvent } from '../common/contracts/chat-event.js';
import { CAPPED_BACKOFF, cappedBackoff } from '../infra/queue/capped-backoff.js';
import type { SubtaskResult, SubtaskStatus } from '../infra/database/schema/schema.js';

export const TASK_UPDATES = 'task-updates';
export const TASK_CANCELLATIONS = 'task-cancellations';

/** A report about one subtask. Reports may come late, twice or out of order: only allowed transitions are applied. */
export interface TaskUpdate {
  subtaskId: number;
  status: Exclude<SubtaskStatus, 'PENDING' | 'DELETE'>;
  /** Percent, 0..100. */
  progress?: number;
  result?: SubtaskResult;
  errorMessage?: string;
  /** The end was concluded without the word of the executor: see {@link isRepair} of `status/classify-report.ts`. */
  isPresumed?: boolean;
  /** The end of a chat stream as its clients see it, and its sequence number. */
  terminal?: { event: TerminalEvent | ErrorEvent; seq: number };
  /** Set when an executor sent it. */
  report?: ExecutorReport;
}

/** What an executor reports besides the state. */
export interface ExecutorReport {
  /** The executor's own number of this report, growing with each: older ones are stale. Wegent's executors send none. */
  seq?: number;
  /** How often the subtask had been claimed when this came: a report of an earlier executor is stale. Kept in jobs. */
  offer?: number;
  /** The executor's own name of this report: one that was applied is a duplicate. */
  eventId?: string;
  executorName?: string;
  executorNamespace?: string;
  taskTitle?: string;
  subtaskTitle?: string;
  /** Position among all reports as they arrived, growing; the queue sets it. */
  order?: number;
}

/** Data of a job: reports that arrived together, in their order. */
export interface TaskUpdates {
  updates: TaskUpdate[];
}

export interface TaskCancellation {
  taskId: number;
  /** Milliseconds since the epoch. */
  requestedAt: number;
  /** The answers that it is about: a turn that began later is not cancelled. Older releases left it out. */
  subtaskIds?: number[];
}

/** Database and Redis may be away for long; reports wait for them, with an attempt every few seconds. */
export const UPDATE_JOB_OPTIONS = {
  attempts: 100_000,
  backoff: CAPPED_BACKOFF,
  // A report holds the whole answer: a few are kept for inspection.
  removeOnComplete: { count: 50, age: 3600 },
  removeOnFail: { count: 1000 },
} as const;

export const UPDATE_BACKOFF = cappedBackoff({ baseMs: 100, capMs: 5_000 });

export const CANCELLATION_JOB_OPTIONS = {
  attempts: 10_000,
  backoff: CAPPED_BACKOFF,
  removeOnComplete: true,
  removeOnFail: true,
} as const;

export const CANCELLATION_BACKOFF = cappedBackoff({ baseMs: 100, capMs: 5_000 });

export function isTaskCancellation(data: unknown): data is TaskCancellation {
  const { taskId, requestedAt, subtaskIds } = (data ?? {}) as Partial<TaskCancellation>;

  return (
    Number.isInteger(taskId) &&
    typeof requestedAt === 'number' &&
    (subtaskIds === undefined || (Array.isArray(subtaskIds) && subtaskIds.every(Number.isInteger)))
  );
}
