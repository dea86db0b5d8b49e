/** From the row of an executor's subtask to the findings of its diagnosis. Pure. */
import { type Findings, fromRow } from '../../tasks/diagnosis/findings.js';
import { type Hint, hint, secondsOf } from '../../tasks/diagnosis/hints.js';
import type { SubtaskStatus } from '../../infra/database/schema/schema.js';
import type { SubtaskRow } from '../../tasks/turns/answer-turn.js';

/** What is known besides the row. */
export interface ExecutorFacts {
  /** Position in its dispatch queue, 1 = next; null when it is not in it. */
  position: number | null;
  /** Whether the task is being cancelled, and whether the executor manager has acknowledged that. */
  cancel: 'none' | 'asked' | 'acknowledged';
  /** What its manager does before its executor works; null when that is not known. */
  stage: string | null;
  leaseSeconds: number;
  silentLeaseSeconds: number;
  /** How often a subtask may be claimed at most. */
  maxAttempts: number;
  /** Milliseconds since the epoch. */
  now: number;
}

/** A subtask that waits for longer than this suggests that no executor is running. */
const UNCLAIMED_MS = 15_000;
/** Names of executors whose managers keep the workspaces of tasks. */
const KEEPS_WORKSPACE = /^conch-task-\d+-[0-9a-f]+$/;

export function executorFindings(subtask: SubtaskRow, facts: ExecutorFacts): Findings {
  return subtask.status === 'PENDING' ? waiting(subtask, facts) : handedOut(subtask, facts);
}

function waiting(subtask: SubtaskRow, facts: ExecutorFacts): Findings {
  const { position, now } = facts;
  const { fairRank, offers, lane, createdAt } = subtask;
  const base = fromRow(subtask);
  const name = `executors:${lane}`;
  if (fairRank === null) {
    const queue = { name, state: 'blocked', position: null };

    return { ...base, queue, hints: [hint('step_before', {})] };
  }
  const queue = { name, state: 'waiting', position };
  if (offers > 0) return { ...base, queue, nextAction: 'check_executors', hints: [againHint(subtask, facts)] };
  const waitedMs = now - createdAt.getTime();
  const since_seconds = secondsOf(waitedMs);
  const unclaimed =
    position === null
      ? hint('unclaimed', { since_seconds })
      : hint('unclaimed_behind', { since_seconds, ahead: position - 1 });
  if (waitedMs <= UNCLAIMED_MS) return { ...base, queue, hints: [unclaimed] };

  return { ...base, queue, nextAction: 'check_executors', hints: [unclaimed, whyUnclaimed(subtask)] };
}

function whyUnclaimed({ executorName }: SubtaskRow): Hint {
  return KEEPS_WORKSPACE.test(executorName)
    ? hint('workspace_kept', { owner: executorName })
    : hint('check_manager', {});
}

function againHint({ offers, updatedAt, executorName }: SubtaskRow, { maxAttempts, now }: ExecutorFacts): Hint {
  const since_seconds = secondsOf(now - updatedAt.getTime());
  const again = { since_seconds, attempt: offers + 1, max_attempts: maxAttempts };

  return executorName === ''
    ? hint('offered_again', again)
    : hint('offered_again_named', { ...again, owner: executorName });
}

function handedOut(subtask: SubtaskRow, facts: ExecutorFacts): Findings {
  const { lane, leaseExpiresAt, executorName, executorNamespace } = subtask;
  const isLost = leaseExpiresAt !== null && leaseExpiresAt.getTime() <= facts.now;
  const name = [executorNamespace, executorName].filter((part) => part !== '').join('/');
  const queue = { name: `executors:${lane}`, state: isLost ? 'lost' : 'handed_out', position: null };
  const findings: Findings = {
    ...fromRow(subtask),
    owner: isLost || name === '' ? null : name,
    leaseExpiresAt: isLost ? null : leaseExpiresAt,
    queue,
    upstream: name === '' ? null : { kind: 'executor', id: name },
  };
  if (isLost) return { ...findings, nextAction: 'check_executors', hints: [lostHint(subtask, facts)] };

  const stage = facts.stage === null ? [] : [hint('executor_stage', { stage: facts.stage })];

  return { ...findings, hints: [...cancelHint(subtask, facts), ...stage, ...leaseHints(subtask, name, facts)] };
}

/** What may still happen after an end that no executor has reported. */
export function presumedEndHint(status: SubtaskStatus): Hint {
  return status === 'FAILED' ? hint('presumed_failed', {}) : hint('presumed_cancelled', {});
}

function leaseHints(subtask: SubtaskRow, owner: string, { maxAttempts, now }: ExecutorFacts): Hint[] {
  const { leaseExpiresAt, offers: attempt, executorBeats } = subtask;
  const which = { attempt, max_attempts: maxAttempts };
  const who = owner === '' ? hint('handed_out_unnamed', which) : hint('handed_out', { owner, ...which });
  if (leaseExpiresAt === null) return [who];
  const rest = { within_seconds: secondsOf(leaseExpiresAt.getTime() - now) };

  return [who, hint(executorBeats ? 'lease_with_heartbeats' : 'lease_without_heartbeats', rest)];
}

function lostHint(subtask: SubtaskRow, facts: ExecutorFacts): Hint {
  const { offers, executorBeats } = subtask;
  const { cancel, leaseSeconds, silentLeaseSeconds, maxAttempts } = facts;
  const since_seconds = executorBeats ? leaseSeconds : silentLeaseSeconds;
  if (cancel !== 'none') return hint('executor_lost_cancel_ends', { since_seconds });
  const attempts_left = maxAttempts - offers;

  return attempts_left > 0
    ? hint('executor_lost_again', { since_seconds, attempts_left })
    : hint('executor_lost_last', { since_seconds });
}

function cancelHint({ reportOrder, reportSeq }: SubtaskRow, { cancel }: ExecutorFacts): Hint[] {
  switch (cancel) {
    case 'none':
      return [];
    case 'acknowledged':
      return [hint('cancel_acknowledged', {})];
    case 'asked':
      return [hint(reportOrder === null && reportSeq === null ? 'cancel_starting' : 'cancel_unacknowledged', {})];
  }
}
