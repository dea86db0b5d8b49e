import { isTerminal, type TerminalEvent } from '../common/chat-event.js';

/** The terminal event of an ended subtask, as it was sent; made up from its state when there never was a stream. */
export function terminalOf(row: {
  status: string;
  terminalEvent: unknown;
  errorMessage: string | null;
}): TerminalEvent {
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
