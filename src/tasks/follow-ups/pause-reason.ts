import { isTerminal } from '../task-status.js';
import type { TaskRow } from '../turns/answer-turn.js';
import type { PauseReason } from './follow-ups.dto.js';
import type { FollowUpRow } from './follow-ups.repository.js';

/**
 * Returns why the queued prompts of a task wait for their user; null when they begin by themselves.
 * @param waiting in their order
 */
export function pauseReason(
  { status, activeTurn }: Pick<TaskRow, 'status' | 'activeTurn'>,
  [next]: readonly Pick<FollowUpRow, 'failure'>[],
): PauseReason | null {
  if (!next || !isTerminal(status)) return null;
  if (next.failure) return 'refused';
  if (status === 'FAILED') return 'task_failed';
  if (status === 'CANCELLED') return 'task_cancelled';

  return activeTurn === null ? null : 'version_shown';
}
