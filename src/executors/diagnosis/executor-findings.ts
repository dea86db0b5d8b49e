/** From the row of an executor's subtask to the findings of its diagnosis. Pure. */
import { duration, type Findings, fromRow } from '../../tasks/diagnosis/findings.js';
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
const CHECK_MANAGER =
  'Either no executor manager asks for work, or it has as many containers as it may have: idle ones are deleted after ' +
  'EXECUTOR_IDLE_CHAT_HOURS and EXECUTOR_IDLE_CODE_HOURS';

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

    return { ...base, queue, hints: ['It waits for the step before it'] };
  }
  const queue = { name, state: 'waiting', position };
  if (offers > 0) return { ...base, queue, nextAction: 'check_executors', hints: [againHint(subtask, facts)] };
  const waitedMs = now - createdAt.getTime();
  const hint = `No executor has fetched it yet; it waits since ${duration(waitedMs)}`;
  const ahead = position === null ? '' : `, ${position - 1} before it`;
  if (waitedMs <= UNCLAIMED_MS) return { ...base, queue, hints: [hint + ahead] };

  return { ...base, queue, nextAction: 'check_executors', hints: [hint + ahead, CHECK_MANAGER] };
}

function againHint({ offers, updatedAt, executorName }: SubtaskRow, { maxAttempts, now }: ExecutorFacts): string {
  const since = duration(now - updatedAt.getTime());
  const again = `it is offered again since ${since}, attempt ${offers + 1} of ${maxAttempts}`;

  return executorName === ''
    ? `Its executor was lost; ${again}`
    : `Its executor ${executorName} was not heard of; ${again}, to the same executor if it lives. Its answer still counts`;
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

  const stage = facts.stage === null ? [] : [facts.stage];

  return { ...findings, hints: [...cancelHint(subtask, facts), ...stage, leaseHint(subtask, name, facts)] };
}

/** What may still happen after an end that no executor has reported. */
export function presumedEndHint(status: SubtaskStatus): string {
  return status === 'FAILED'
    ? 'No executor has reported this end: one that still completes the work repairs the task'
    : 'No executor has confirmed this end: one that still reports is stopped and deleted';
}

function leaseHint(subtask: SubtaskRow, name: string, facts: ExecutorFacts): string {
  const { leaseExpiresAt, offers, executorBeats } = subtask;
  const who = name === '' ? 'An executor that has not told its name yet has it' : `Executor ${name} has it`;
  const attempt = `attempt ${offers} of ${facts.maxAttempts}`;
  if (leaseExpiresAt === null) return `${who}, ${attempt}`;
  const rest = duration(leaseExpiresAt.getTime() - facts.now);
  if (executorBeats) return `${who}, ${attempt}; unless it is heard of within ${rest} it counts as lost`;

  return `${who}, ${attempt}; it sends no heartbeats, so it counts as lost after ${rest} of silence, or when its manager says that its container is gone`;
}

function lostHint(subtask: SubtaskRow, facts: ExecutorFacts): string {
  const { offers, executorBeats } = subtask;
  const { cancel, leaseSeconds, silentLeaseSeconds, maxAttempts } = facts;
  const seconds = executorBeats ? leaseSeconds : silentLeaseSeconds;
  const lost = `Its executor was not heard of for ${seconds} s and counts as lost`;
  if (cancel !== 'none') return `${lost}; the cancel ends it`;
  const left = maxAttempts - offers;

  return left > 0
    ? `${lost}; it is offered again within seconds, ${left} attempt(s) left`
    : `${lost}, for the last time: it ends with executor_lost, unless its answer still comes`;
}

function cancelHint({ reportOrder, reportSeq }: SubtaskRow, { cancel }: ExecutorFacts): string[] {
  switch (cancel) {
    case 'none':
      return [];
    case 'acknowledged':
      return ['The executor manager has acknowledged the cancel; the executor has not reported its end yet'];
    case 'asked':
      return [
        reportOrder === null && reportSeq === null
          ? 'Its container is being started, and cannot be cancelled before it runs: the executor manager is asked again'
          : 'The executor manager has not acknowledged the cancel yet; it is asked again',
      ];
  }
}
