import type { Schemas } from '../../api/client';
import type { Tone } from '../../ui/status-badge';

export type TaskStatus = Schemas['TaskDto']['status'];

/** In the order in which the filter offers them. */
export const TASK_STATUSES = ['RUNNING', 'PENDING', 'CANCELLING', 'COMPLETED', 'FAILED', 'CANCELLED'] as const;

export const TASK_KINDS = ['chat', 'code'] as const;

const TONES: Partial<Record<string, Tone>> = {
  PENDING: 'waiting',
  RUNNING: 'active',
  CANCELLING: 'waiting',
  COMPLETED: 'good',
  FAILED: 'bad',
  CANCELLED: 'quiet',
};

export const isTaskStatus = (text: string | undefined): text is (typeof TASK_STATUSES)[number] =>
  TASK_STATUSES.some((status) => status === text);

export const isTaskKind = (text: string | undefined): text is (typeof TASK_KINDS)[number] =>
  TASK_KINDS.some((kind) => kind === text);

/** Subtasks have the same states as tasks, but are typed as text. */
export const toneOf = (status: string): Tone => TONES[status] ?? 'quiet';

/** It has not ended. */
export const isActive = (status: string): boolean =>
  status === 'PENDING' || status === 'RUNNING' || status === 'CANCELLING';

/** Its newest turn can be asked again. */
export const canRetry = (status: TaskStatus): boolean => status === 'FAILED' || status === 'CANCELLED';

/** Milliseconds from the beginning to the end, or to `now` while it goes on. */
export function spanOf(row: { created_at: string; completed_at: string | null }, now: number): number {
  const end = row.completed_at === null ? now : Date.parse(row.completed_at);

  return Math.max(0, end - Date.parse(row.created_at));
}
