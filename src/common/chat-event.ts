/**
 * What a client of a chat stream receives: the one event vocabulary of the project.
 *
 * Providers produce {@link ProviderEvent}s; the run adds the events of its own life (`start`, `done` …).
 * Every event is sent as one JSON `data:` line with the id `<subtask_id>-<seq>`.
 */

/** Place in the waiting room; 1 = next. Sent again whenever it changes. */
export interface QueuedEvent {
  type: 'queued';
  position: number;
}

/**
 * A run began, or its next step did: what follows is the answer of `subtask_id`, with no text so far. `attempt` counts
 * from 1; more than 1 means that an earlier worker was lost.
 */
export interface StartEvent {
  type: 'start';
  task_id: number;
  subtask_id: number;
  attempt: number;
  shell_type: string;
  model: string;
}

/** Text to append to the answer. */
export interface ContentEvent {
  type: 'content';
  content: string;
}

/** Reasoning text to append; never part of the answer. */
export interface ReasoningEvent {
  type: 'reasoning';
  content: string;
}

/** Replaces the whole answer so far (reasoning stays). */
export interface ReplaceEvent {
  type: 'replace';
  content: string;
}

/** Drop everything received for this answer; it starts again. */
export interface ResetEvent {
  type: 'reset';
  attempt: number;
  reason: string;
}

/** The whole text so far, in place of events that are no longer in the log. */
export interface ResyncEvent {
  type: 'resync';
  content: string;
  reasoning: string;
  /** The step of a pipeline whose text it is; the first one when it is missing. */
  subtask_id?: number;
}

/** Token counts as the provider reported them, cumulative for the answer. */
export interface Usage {
  input_tokens: number;
  output_tokens: number;
  total_tokens: number;
  reasoning_tokens?: number;
  cached_tokens?: number;
  cost?: number;
  currency?: string;
}

export interface UsageEvent extends Usage {
  type: 'usage';
}

/** Why an answer ended. Providers may add values; unknown ones are passed on as `stop`. */
export type FinishReason =
  'stop' | 'length' | 'refusal' | 'content_filter' | 'tool_calls' | 'context_window' | 'paused' | 'partial';

/** Terminal: the answer is whole. Times in milliseconds since the run started. */
export interface DoneEvent {
  type: 'done';
  done: true;
  finish_reason: FinishReason;
  usage?: Usage;
  elapsed_ms: number;
  first_token_ms: number | null;
}

/** Terminal: the answer failed; partial text is kept. `code` is one of {@link RunErrorCode}. */
export interface ErrorEvent {
  type: 'error';
  error: string;
  code: string;
  retryable: boolean;
  provider_status?: number;
}

/** What a cancel reached, and how fast. */
export interface CancelProof {
  /** Milliseconds from the cancel request to the closed provider socket. */
  provider_closed_ms?: number;
  dify_stop?: 'confirmed' | 'sent' | 'failed';
  executor_acked?: boolean;
  while: 'queued' | 'running';
}

/** Terminal: the answer was cancelled; partial text is kept. */
export interface CancelledEvent {
  type: 'cancelled';
  cancelled: true;
  proof: CancelProof;
}

export type TerminalEvent = DoneEvent | ErrorEvent | CancelledEvent;

/** The provider's own end: no more events follow. Internal; it becomes part of {@link DoneEvent}. */
export interface FinishEvent {
  type: 'finish';
  finish_reason: FinishReason;
}

/** What a {@link ChatProvider} may yield. Failures are thrown as `AppError`s with a run error code. */
export type ProviderEvent = ContentEvent | ReasoningEvent | ReplaceEvent | UsageEvent | FinishEvent;

/** What a client may receive. */
export type ChatEvent =
  | QueuedEvent
  | StartEvent
  | ContentEvent
  | ReasoningEvent
  | ReplaceEvent
  | ResetEvent
  | ResyncEvent
  | UsageEvent
  | TerminalEvent;

export function isTerminal(event: { type: string }): event is TerminalEvent {
  return event.type === 'done' || event.type === 'error' || event.type === 'cancelled';
}
