import { createHash } from 'node:crypto';
import { type ChatEvent, type DoneEvent, isTerminal, type TerminalEvent } from '../common/contracts/chat-event.js';
import type { SubtaskResult } from '../infra/database/schema/schema.js';
import { asNumber } from '../common/text/json.js';
import { usageOf } from './answer-parts.js';
import { answerOf, type StoredAnswer } from './stored-answer.js';
import { resyncOf } from './log/stream-text.js';

/** The stored end of a subtask. Both times are those of an executor that has answered. */
interface Ended extends StoredAnswer {
  id: number;
  claimedAt: Date | null;
  completedAt: Date | null;
  terminalEvent: unknown;
  errorMessage: string | null;
}

/** Returns the events that show an ended subtask: its whole text and its end. @param streamId the first subtask of its turn */
export function endOf(streamId: number, row: Ended): ChatEvent[] {
  return [resyncOf(streamId, { ...answerOf(row), subtaskId: row.id }), terminalOf(row)];
}

/** Returns what identifies the whole text of an answer. */
export function digestOf(text: string): Pick<DoneEvent, 'length' | 'sha256'> {
  return { length: text.length, sha256: createHash('sha256').update(text).digest('hex') };
}

/** Returns the terminal event of an ended subtask: the stored one, or one by its status when it had no stream. */
export function terminalOf(row: Omit<Ended, 'id'>): TerminalEvent {
  const stored = row.terminalEvent as { type: string } | null;
  // Earlier releases have stored no digest.
  if (stored && isTerminal(stored))
    return stored.type === 'done' ? { ...digestOf(row.result?.value ?? ''), ...stored } : stored;
  switch (row.status) {
    case 'COMPLETED':
      return doneOf(row);
    case 'FAILED':
      return { type: 'error', error: row.errorMessage ?? 'The answer failed', code: 'internal', retryable: false };
    default:
      return { type: 'cancelled', cancelled: true, proof: { while: 'queued' } };
  }
}

/** The end of an answer that was reported without one. */
function doneOf({ result, claimedAt, completedAt }: Omit<Ended, 'id'>): DoneEvent {
  const { value, usage: counts, elapsed_ms: told }: SubtaskResult = result ?? { value: '' };
  const usage = usageOf(counts);
  const elapsed = claimedAt && completedAt ? Math.max(0, completedAt.getTime() - claimedAt.getTime()) : 0;
  const facts = { finish_reason: 'stop', elapsed_ms: asNumber(told) ?? elapsed, first_token_ms: null } as const;

  return { type: 'done', done: true, ...digestOf(value), ...facts, ...(usage && { usage }) };
}
