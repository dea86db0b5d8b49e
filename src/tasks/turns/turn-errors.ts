import { AppError } from '../../common/app-error.js';
import type { ExpireHours } from './new-turn.js';
import type { TaskRow } from './answer-turn.js';

/** The same error for ids of others and of deleted tasks, so that it does not reveal whether they exist. */
export function unknownId(taskId: number): AppError {
  return new AppError(
    'not_found',
    `Task ${taskId} not found, and its id is not reserved for you: POST /api/tasks reserves an id`,
  );
}

/** @param state how it is, e.g. `is RUNNING` */
export function busy(taskId: number, state: string): AppError {
  return new AppError('task_busy', `Task ${taskId} ${state}: wait for its end, attach to its stream, or cancel it`);
}

/** Returns why the newest turn of an ended task cannot be retried; null when it can. */
export function notFailed({ id, status }: TaskRow): AppError | null {
  if (status === 'FAILED' || status === 'CANCELLED') return null;

  return new AppError('conflict', `Task ${id} is ${status}: only a turn that failed or was cancelled can be retried`);
}

/** Returns why an ended task accepts no more turns; null when it does. */
export function closed(task: TaskRow, expireHours: ExpireHours): AppError | null {
  const { id, taskType, updatedAt } = task;
  if (task.autoDeleteExecutor) {
    const reason = 'its executor is deleted at its end (auto_delete_executor)';

    return new AppError('task_final', `Task ${id} takes one turn only, because ${reason}: create a new task`);
  }
  const hours = expireHours[taskType];
  if (hours === 0 || Date.now() - updatedAt.getTime() < hours * 3_600_000) return null;

  return new AppError(
    'task_expired',
    `Task ${id} has not changed for more than ${hours} h, after which a ${taskType} task takes no more turns: create a new task`,
  );
}

/** @param limit how many direct chats a user may have */
export function tooManyRuns(limit: number): AppError {
  return new AppError('too_many_running_tasks', `You have ${limit} running answers; more are not possible at a time`, {
    retryAfter: 5,
    retryable: true,
  });
}
