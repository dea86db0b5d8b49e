import type { Schemas } from '../api/client';

/** One event of an answer's stream, as the OpenAPI document has it. */
export type ChatEvent = Schemas['ChatEvent'];

/** What the reader sees of an answer that is under way or has ended; see the table of states in the chat. */
export type AnswerPhase =
  /** Asked; no event yet. */
  | 'sent'
  /** In the queue, at `position`. */
  | 'queued'
  /** The model was asked; nothing has come. */
  | 'asking'
  | 'reasoning'
  | 'writing'
  /** A Dify app waits for a person: `form`. */
  | 'input_required'
  /** Stop was asked for; its proof is to come. */
  | 'stopping'
  | 'done'
  | 'failed'
  | 'cancelled';

/** The text of one subtask: an answer has one, a pipeline one for each step. */
export interface AnswerPart {
  subtaskId: number;
  model: string | null;
  shellType: string | null;
  content: string;
  reasoning: string;
  /** Milliseconds since the epoch, of this browser's clock; for the running time of the reasoning. */
  reasoningSince: number | null;
  reasoningMs: number | null;
}

export type AnswerStep = Extract<ChatEvent, { type: 'step' }>;
export type AnswerForm = Extract<ChatEvent, { type: 'input_required' }>['form'];
export type AnswerSource = Extract<ChatEvent, { type: 'sources' }>['sources'][number];
export type AnswerFile = Extract<ChatEvent, { type: 'file' }>['file'];
export type AnswerUsage = Omit<Extract<ChatEvent, { type: 'usage' }>, 'type'>;
export type AnswerFailure = Omit<Extract<ChatEvent, { type: 'error' }>, 'type'>;
export type AnswerProof = Extract<ChatEvent, { type: 'cancelled' }>['proof'];

/** Everything that the events of one answer have told so far. Made by the reducer alone; never mutated. */
export interface AnswerState {
  phase: AnswerPhase;
  /** 1 is next; null when not queued. */
  position: number | null;
  attempt: number;
  parts: readonly AnswerPart[];
  steps: readonly AnswerStep[];
  sources: readonly AnswerSource[];
  files: readonly AnswerFile[];
  suggestions: readonly string[];
  form: AnswerForm | null;
  usage: AnswerUsage | null;
  elapsedMs: number | null;
  firstTokenMs: number | null;
  finishReason: string | null;
  failure: AnswerFailure | null;
  proof: AnswerProof | null;
  /** Why the answer began again, and what stood there before; null when it did not. */
  restarted: { reason: string; text: string } | null;
  /** Id of the last event that was applied: where to resume. */
  lastEventId: string | null;
  /** When the last event came, in milliseconds since the epoch; null before the first. */
  lastEventAt: number | null;
}

/** How the stream of an answer is doing. */
export interface AnswerConnection {
  status: 'idle' | 'connecting' | 'live' | 'reconnecting' | 'offline' | 'ended' | 'refused';
  /** How often the stream was resumed. */
  resumes: number;
  requestId: string | null;
}
