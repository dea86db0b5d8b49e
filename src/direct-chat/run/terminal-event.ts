import { type ChatEvent, isTerminal, type TerminalEvent } from '../../common/chat-event.js';
import type { SubtaskResult } from '../../infra/database/schema/schema.js';
import { answerOf } from './answer-accumulator.js';
import { resyncOf } from '../stream/stream-text.js';

/** What is stored of an ended subtask. */
interface Ended {
  id: number;
  status: string;
  result: SubtaskResult | null;
  terminalEvent: unknown;
  errorMessage: string | null;
}

/** What a client still has to hear of an ended subtask: its whole text and its end. @param streamId the first of its turn */
export function endOf(streamId: number, row: Ended): ChatEvent[] {
  return [resyncOf(streamId, { ...answerOf(row.result), subtaskId: row.id }), terminalOf(row)];
}

/** The terminal event of an ended subtask, as it was sent; made up from its state when there never was a stream. */
export function terminalOf(row: Pick<Ended, 'status' | 'terminalEvent' | 'errorMessage'>): TerminalEvent {
  const stored = row.terminalEvent as { type: string } | null;
  if (stored && isTerminal(stored)) return stored;
  switch (row.status) {
    case 'COMPLETED':
      return { type: 'done', done: true, finish_reason: 'stop', elapsed_ms: 0, first_token_ms: null };
    case 'FAILED':
      return { type: 'error', error: row.errorMessage ?? 'The answer failed', code: 'internal', retryable: false };
    default:
      return { type: 'cancelled', cancelled: true, proof: { while: 'queued' } };
  }
}
