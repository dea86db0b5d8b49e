/** From the row of an executor's subtask to the findings of its diagnosis. Pure. */
import { duration, type Findings, fromRow } from '../../tasks/diagnosis/findings.js';
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
  /** How often a subtask may be claimed at most. */
  maxAttempts: number;
  /** Milliseconds since the epoch. */
  now: number;
}

/** A subtask that waits for longer than this suggests that no executor is running. */
const UNCLAIMED_MS = 15_000;

export function executorFindings(subtask: SubtaskRow, facts: ExecutorFacts): Findings {
  return subtask.status === 'PENDING' ? waiting(subtask, facts) : handedOut(subtask, facts);
}

function waiting(subtask: SubtaskRow, { position, maxAttempts, now }: ExecutorFacts): Findings {
  const { fairRank, offers, lane, createdAt, updatedAt } = subtask;
  const base = fromRow(subtask);
  const name = `executors:${lane}`;
  if (fairRank === null) {
    const queue = { name, state: 'blocked', position: null };

    return { ...base, queue, hints: ['It waits for the step before it'] };
  }
  const queue = { name, state: 'waiting', position };
  if (offers > 0) {
    const hint = `Its executor was lost; it is offered again since ${duration(now - updatedAt.getTime())}`;

    return {
      ...base,
      queue,
      nextAction: 'check_executors',
      hints: [`${hint}, attempt ${offers + 1} of ${maxAttempts}`],
    };
  }
  const waitedMs = now - createdAt.getTime();
  const hint = `No executor has fetched it yet; it waits since ${duration(waitedMs)}`;
  const ahead = position === null ? '' : `, ${position - 1} before it`;

  return { ...base, queue, nextAction: waitedMs > UNCLAIMED_MS ? 'check_executors' : 'wait', hints: [hint + ahead] };
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

  return { ...findings, hints: [...cancelHint(facts), ...stage, leaseHint(subtask, name, facts)] };
}

function leaseHint({ leaseExpiresAt, offers }: SubtaskRow, name: string, facts: ExecutorFacts): string {
  const who = name === '' ? 'An executor that has not told its name yet has it' : `Executor ${name} has it`;
  const attempt = `attempt ${offers} of ${facts.maxAttempts}`;
  if (leaseExpiresAt === null) return `${who}, ${attempt}`;
  const rest = duration(leaseExpiresAt.getTime() - facts.now);

  return `${who}, ${attempt}; unless it is heard of within ${rest} it counts as lost`;
}

function lostHint({ offers }: SubtaskRow, { cancel, leaseSeconds, maxAttempts }: ExecutorFacts): string {
  const lost = `Its executor was not heard of for ${leaseSeconds} s and counts as lost`;
  if (cancel !== 'none') return `${lost}; the cancel ends it`;
  const left = maxAttempts - offers;

  return left > 0
    ? `${lost}; it is offered again within seconds, ${left} attempt(s) left`
    : `${lost}, for the last time: it ends with executor_lost`;
}

function cancelHint({ cancel }: ExecutorFacts): string[] {
  if (cancel === 'none') return [];

  return [
    cancel === 'acknowledged'
      ? 'The executor manager has acknowledged the cancel; the executor has not reported its end yet'
      : 'The executor manager has not acknowledged the cancel yet; it is asked again',
  ];
}
