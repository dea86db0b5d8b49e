/**
 * What a client of a chat stream receives: the one event vocabulary of the project.
 *
 * Providers produce {@link ProviderEvent}s; the run adds the events of its own life (`start`, `done` …).
 * Every event is sent as one JSON `data:` line with the id `<subtask_id>-<seq>`.
 */

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

/** Drop everything received for this answer; it starts again. */
export interface ResetEvent {
  type: 'reset';
  attempt: number;
  reason: string;
}

/** The whole answer so far, in place of events that are no longer in the log. */
export interface ResyncEvent extends Partial<Extras> {
  type: 'resync';
  content: string;
  reasoning: string;
  /** The step of a pipeline whose text it is; the first one when it is missing. */
  subtask_id?: number;
  /** Of the run that the text is from, when it is not the first: text of an earlier one does not count any more. */
  attempt?: number;
}

/** What an app does on its way to an answer. */
export type StepKind = 'node' | 'iteration' | 'loop' | 'thought' | 'tool' | 'log';
export type StepStatus = 'running' | 'succeeded' | 'failed' | 'skipped' | 'retrying' | 'paused';

export interface Step {
  step_id: string;
  kind: StepKind;
  title: string;
  status: StepStatus;
  /** What kind of node, by the app's own name. */
  node_type?: string;
  /** The step that it is a part of. */
  parent_id?: string;
  index?: number;
  elapsed_ms?: number;
  tokens?: number;
  /** Inputs, outputs and the like as text; long ones are cut, with a mark that says how much is missing. */
  detail?: Record<string, string>;
  error?: string;
}

/** A step began or went on; replaces what was said before of the same `step_id`. */
export interface StepEvent extends Step {
  type: 'step';
}

/** A passage that the answer rests on. */
export interface Source {
  title: string;
  url?: string;
  content?: string;
  score?: number;
  document?: string;
  dataset?: string;
  position?: number;
}

export interface AnswerFile {
  id: string;
  kind: string;
  name?: string;
  mime_type?: string;
  url: string;
}

/** A form that a person has to fill in before the answer can go on. */
export interface InputForm {
  form_token: string;
  title: string;
  content: string;
  inputs: Record<string, unknown>[];
  actions: { id: string; title: string; style: string }[];
  /** ISO 8601; null when it never expires. */
  expires_at: string | null;
  /** The step that waits for it. When that goes on, the form is closed. */
  step_id: string;
}

/** The answer waits: `POST /api/direct-chat/{task_id}/input` goes on with it. */
export interface InputRequiredEvent {
  type: 'input_required';
  form: InputForm;
}

/** What an answer has besides its text. */
export interface Extras {
  steps: Step[];
  sources: Source[];
  files: AnswerFile[];
  suggestions: string[];
  /** Forms that still wait. */
  forms: InputForm[];
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

/** Why an answer ended. Providers may add values; unknown ones are passed on as `stop`. */
export type FinishReason =
  'stop' | 'length' | 'refusal' | 'content_filter' | 'tool_calls' | 'context_window' | 'paused' | 'partial';

/** Terminal: the answer is whole. Times in milliseconds since the run started. */
export interface DoneEvent {
  type: 'done';
  done: true;
  /** Of the answer's text, in UTF-16 units. */
  length: number;
  /** Of the answer's text in UTF-8, in hex digits: a client can check that it has all of it. */
  sha256: string;
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
  /** As far as it was known. */
  usage?: Usage;
}

/** What a cancel reached, and how fast. */
export interface CancelProof {
  /** Milliseconds from the cancel request to the closed provider socket. */
  provider_closed_ms?: number;
  dify_stop?: 'confirmed' | 'sent' | 'failed';
  executor_acked?: boolean;
  while: 'queued' | 'running';
}

export type TerminalEvent =
  | DoneEvent
  | ErrorEvent
  /** The answer was cancelled; partial text is kept. */
  | { type: 'cancelled'; cancelled: true; proof: CancelProof; usage?: Usage };

/** The provider's own end: no more events follow. Internal; it becomes part of {@link DoneEvent}. */
export interface FinishEvent {
  type: 'finish';
  finish_reason: FinishReason;
}

/** An earlier attempt cannot be joined after all: the answer starts again. Internal; it becomes a {@link ResetEvent}. */
export interface RestartEvent {
  type: 'restart';
  reason: string;
}

/** The app waits for a person: the run is suspended, and another attempt resumes it. Internal; nothing follows. */
export interface SuspendEvent {
  type: 'suspend';
  /** When to resume at the latest. Milliseconds since the epoch. */
  until: number;
}

/** What an answer is made of. */
type AnswerEvent =
  /** Text to append to the answer. */
  | { type: 'content'; content: string }
  /** Reasoning text to append; never part of the answer. */
  | { type: 'reasoning'; content: string }
  /** Replaces the whole answer so far (reasoning stays). */
  | { type: 'replace'; content: string }
  | StepEvent
  /** All sources of the answer. */
  | { type: 'sources'; sources: Source[] }
  /** A file that belongs to the answer; replaces what was said before of the same id. */
  | { type: 'file'; file: AnswerFile }
  /** What the user may want to ask next. */
  | { type: 'suggestions'; questions: string[] }
  | InputRequiredEvent
  | ({ type: 'usage' } & Usage);

/** What a {@link ChatProvider} may yield. Failures are thrown as `AppError`s with a run error code. */
export type ProviderEvent = AnswerEvent | FinishEvent | RestartEvent | SuspendEvent;

/** What a client may receive. */
export type ChatEvent =
  /** Place in the waiting room; 1 = next. Sent again whenever it changes. */
  { type: 'queued'; position: number } | StartEvent | ResetEvent | ResyncEvent | AnswerEvent | TerminalEvent;

export function isTerminal(event: { type: string }): event is TerminalEvent {
  return event.type === 'done' || event.type === 'error' || event.type === 'cancelled';
}
