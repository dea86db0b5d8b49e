import { isJsonObject } from '../../common/json.js';
import { CAPPED_BACKOFF, cappedBackoff } from '../../infra/queue/capped-backoff.js';

export const EXECUTOR_DELETIONS = 'executor-deletions';

/** All executors of a task that has ended, or one executor. */
export type ExecutorDeletion = { taskId: number } | { executorName: string };

/** A task that does not end within some hours is asked about again with its next end. */
export const TASK_JOB_OPTIONS = {
  attempts: 500,
  backoff: CAPPED_BACKOFF,
  removeOnComplete: true,
  removeOnFail: true,
} as const;

export const EXECUTOR_JOB_OPTIONS = { ...TASK_JOB_OPTIONS, attempts: 12 } as const;

export const DELETION_BACKOFF = cappedBackoff({ baseMs: 250, capMs: 30_000 });

export function isExecutorDeletion(data: unknown): data is ExecutorDeletion {
  if (!isJsonObject(data)) return false;
  const { taskId, executorName } = data;

  return Number.isInteger(taskId) || (typeof executorName === 'string' && executorName !== '');
}
