import type { SubtaskRow, TaskRow } from '../turns/turns.repository.js';
import type { Findings } from '../backends/run-inspectors.js';

/** A duration for people: `4 s`, `3 min`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));

  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}

/** Findings about a subtask of which only its row is known. */
export function fromRow({ updatedAt }: Pick<SubtaskRow, 'updatedAt'>): Findings {
  return {
    lastEventAt: updatedAt,
    owner: null,
    leaseExpiresAt: null,
    queue: null,
    upstream: null,
    nextAction: 'wait',
    hints: [],
  };
}

/** Findings about a task whose newest turn has ended. */
export function ofEnded(task: Pick<TaskRow, 'id' | 'status' | 'errorMessage' | 'updatedAt' | 'completedAt'>): Findings {
  const failed = task.status === 'FAILED';
  const reason = task.errorMessage ? `: ${task.errorMessage}` : '';
  const hints = [`It has ended (${task.status})${failed ? reason : ''}`];
  if (failed) hints.push(`POST /api/tasks/${task.id}/retry runs the failed turn again`);

  return {
    ...fromRow(task),
    lastEventAt: task.completedAt ?? task.updatedAt,
    nextAction: failed ? 'retry' : 'none',
    hints,
  };
}

/** Findings about an answer that nobody has asked for yet. */
export function ofUnasked({ taskId, createdAt, updatedAt }: SubtaskRow, now: number): Findings {
  return {
    ...fromRow({ updatedAt }),
    nextAction: 'start_answer',
    hints: [
      `Nobody has started this answer since ${duration(now - createdAt.getTime())}: ` +
        `POST /api/direct-chat/${taskId}/stream starts it`,
    ],
  };
}

/** What a cancel under way adds. @param requestedAt milliseconds since the epoch; null when it is not known */
export function withCancel(
  findings: Findings,
  requestedAt: number | null,
  deadlineSeconds: number,
  now: number,
): Findings {
  const limit = `${deadlineSeconds} s after the request it is ended without its run`;
  const hint =
    requestedAt === null
      ? `It is being cancelled; ${limit}`
      : `Cancelled ${duration(now - requestedAt)} ago; not stopped yet; at the latest in ` +
        `${duration(requestedAt + deadlineSeconds * 1000 - now)} it is ended without its run`;

  return { ...findings, nextAction: 'wait', hints: [hint, ...findings.hints] };
}
