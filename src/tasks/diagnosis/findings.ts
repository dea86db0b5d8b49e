import type { SubtaskRow, TaskRow } from '../turns/answer-turn.js';
import { type Hint, hint, secondsOf } from './hints.js';

/**
 * What the owner of a task can do, in one word. `none`: it has ended; `wait`: it goes on by itself; `start_answer`:
 * it was not requested yet; `check_executors`: no executor has claimed it; `answer_input`: a person has to answer;
 * `retry`: it failed and can be tried again.
 */
export type NextAction = 'none' | 'wait' | 'start_answer' | 'check_executors' | 'answer_input' | 'retry';

/** Where a subtask waits, or where its place in a queue is. */
export interface QueuePlace {
  name: string;
  state: string;
  /** 1 = next; null when it does not wait, or its place is not known. */
  position: number | null;
}

/** Older answers that were not requested do not begin by themselves any more. */
const DAY_MS = 86_400_000;

/** What is known about the run of a subtask. */
export interface Findings {
  lastEventAt: Date | null;
  /** Who works on it: the name of a process or of an executor. */
  owner: string | null;
  /** When the owner loses it unless it shows a sign of life. */
  leaseExpiresAt: Date | null;
  queue: QueuePlace | null;
  /** What the owner itself waits for. */
  upstream: { kind: string; id: string } | null;
  nextAction: NextAction;
  /** The most important one first. */
  hints: Hint[];
}

/** An answer to inspect. */
export interface AnswerInspection {
  subtask: SubtaskRow;
  task: Pick<TaskRow, 'id' | 'status'>;
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
  const hints = failed
    ? [failureHint(task.errorMessage), hint('can_retry', { task_id: task.id })]
    : [hint('ended', { status: task.status })];

  return {
    ...fromRow(task),
    lastEventAt: task.completedAt ?? task.updatedAt,
    nextAction: failed ? 'retry' : 'none',
    hints,
  };
}

const failureHint = (reason: string | null): Hint => (reason ? hint('failed_because', { reason }) : hint('failed', {}));

/** Findings about an answer that was not requested yet. @param selfStartMs the age at which it begins by itself; 0 = never */
export function ofUnasked({ taskId, createdAt, updatedAt }: SubtaskRow, selfStartMs: number, now: number): Findings {
  const age = now - createdAt.getTime();
  const rest = Math.max(selfStartMs - age, 0);
  const bySelf = selfStartMs > 0 && age < DAY_MS;
  const begins = rest > 0 ? hint('begins_later', { within_seconds: secondsOf(rest) }) : hint('begins_soon', {});

  return {
    ...fromRow({ updatedAt }),
    nextAction: bySelf ? 'wait' : 'start_answer',
    hints: [hint('not_started', { since_seconds: secondsOf(age), task_id: taskId }), ...(bySelf ? [begins] : [])],
  };
}

/** What a cancel under way adds. @param requestedAt milliseconds since the epoch; null when it is not known */
export function withCancel(
  findings: Findings,
  requestedAt: number | null,
  deadlineSeconds: number,
  now: number,
): Findings {
  const first =
    requestedAt === null
      ? hint('cancelling', { within_seconds: deadlineSeconds })
      : hint('cancelled_not_stopped', {
          since_seconds: secondsOf(now - requestedAt),
          within_seconds: secondsOf(requestedAt + deadlineSeconds * 1000 - now),
        });

  return { ...findings, nextAction: 'wait', hints: [first, ...findings.hints] };
}
