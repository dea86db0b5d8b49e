import { CAPPED_BACKOFF, cappedBackoff } from '../../infra/queue/capped-backoff.js';

export const TASK_TITLES = 'task-titles';

/** The completed answer whose conversation needs a title. */
export interface TaskTitleJob {
  subtaskId: number;
}

/** Returns the id of the one job of a task: further ones are refused while it waits. */
export const taskTitleJobId = (taskId: number): string => `title-${taskId}`;

/** A title is worth few attempts: without one the beginning of the prompt stays. */
export const TASK_TITLE_OPTIONS = {
  attempts: 3,
  backoff: CAPPED_BACKOFF,
  removeOnComplete: true,
  removeOnFail: true,
} as const;

export const TASK_TITLE_BACKOFF = cappedBackoff({ baseMs: 1_000, capMs: 20_000, factor: 4 });

export function isTaskTitleJob(data: unknown): data is TaskTitleJob {
  return Number.isInteger((data as Partial<TaskTitleJob> | null)?.subtaskId);
}
