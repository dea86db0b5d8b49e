import type { ApiProblem } from '../../api/api-problem';
import type { Schemas } from '../../api/client';

/** One event of an answer's stream, as the OpenAPI document has it. */
export type ChatEvent = Schemas['ChatEvent'];

/** An event as it came: `id` is `<first subtask of the turn>-<number>`, `at` milliseconds since the epoch. */
export interface ReceivedEvent {
  id: string | null;
  at: number;
  event: ChatEvent;
}

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

export type AnswerStep = Omit<Extract<ChatEvent, { type: 'step' }>, 'type'>;
export type AnswerForm = Extract<ChatEvent, { type: 'input_required' }>['form'];
export type AnswerSource = Extract<ChatEvent, { type: 'sources' }>['sources'][number];
export type AnswerFile = Extract<ChatEvent, { type: 'file' }>['file'];
export type AnswerUsage = Omit<Extract<ChatEvent, { type: 'usage' }>, 'type'>;
export type AnswerFailure = Omit<Extract<ChatEvent, { type: 'error' }>, 'type'>;
export type AnswerProof = Extract<ChatEvent, { type: 'cancelled' }>['proof'];

/** The answer of one subtask: a turn has one, a pipeline one for each step. */
export interface AnswerPart {
  subtaskId: number;
  model: string | null;
  shellType: string | null;
  content: string;
  reasoning: string;
  /** Milliseconds since the epoch, of this browser's clock; null when no reasoning is under way. */
  reasoningSince: number | null;
  /** How long the finished reasoning took, as far as it was watched; null when it was not. */
  reasoningMs: number | null;
  steps: readonly AnswerStep[];
  sources: readonly AnswerSource[];
  files: readonly AnswerFile[];
}

/** Everything that the events of one answer have told so far. Made by the reducer alone; never mutated. */
export interface AnswerState {
  phase: AnswerPhase;
  /** First subtask of the turn, by which its stream is named; null before the first event. */
  streamId: number | null;
  /** 1 is next; null when not queued. */
  position: number | null;
  attempt: number;
  parts: readonly AnswerPart[];
  /** Steps, sources and files of all parts. */
  steps: readonly AnswerStep[];
  sources: readonly AnswerSource[];
  files: readonly AnswerFile[];
  suggestions: readonly string[];
  /** Forms that wait for a person, and the first of them. */
  forms: readonly AnswerForm[];
  form: AnswerForm | null;
  usage: AnswerUsage | null;
  elapsedMs: number | null;
  firstTokenMs: number | null;
  finishReason: string | null;
  failure: AnswerFailure | null;
  proof: AnswerProof | null;
  /** Why the answer began again, and what stood there before; null when it did not. */
  restarted: { reason: string; text: string } | null;
  /** A resync has skipped earlier steps of the pipeline: their rows have the whole text. */
  hasGap: boolean;
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
  /** Of the newest reply. */
  requestId: string | null;
  /** Why the stream is refused, or was last lost with a reply. */
  problem: ApiProblem | null;
}

/** Before the first request. */
export const NO_CONNECTION: AnswerConnection = { status: 'idle', resumes: 0, requestId: null, problem: null };

/** Returns whether nothing more comes. */
export const hasEnded = ({ phase }: Pick<AnswerState, 'phase'>): boolean =>
  phase === 'done' || phase === 'failed' || phase === 'cancelled';

export const NO_ANSWER: AnswerState = {
  phase: 'sent',
  streamId: null,
  position: null,
  attempt: 1,
  parts: [],
  steps: [],
  sources: [],
  files: [],
  suggestions: [],
  forms: [],
  form: null,
  usage: null,
  elapsedMs: null,
  firstTokenMs: null,
  finishReason: null,
  failure: null,
  proof: null,
  restarted: null,
  hasGap: false,
  lastEventId: null,
  lastEventAt: null,
};
