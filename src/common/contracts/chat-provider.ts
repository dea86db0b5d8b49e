import type { ProviderEvent, Step, Usage } from './chat-event.js';
import type { DifyRun, DifyStop, DifyTurn } from './dify.js';

export type ProviderKind = 'claude' | 'openai';

/** What tokens of a model cost, per million. */
export interface ModelPrices {
  input: number;
  output: number;
  /** Of input that the provider had in its cache; that of input when missing. */
  cached?: number;
  /** ISO 4217. */
  currency: string;
}

/** Settings of a model that change what is sent to its provider. All optional: nothing is sent by default. */
export interface ModelParameters {
  /** Upper bound of output tokens. Claude needs one; 4096 there by default. */
  maxTokens?: number;
  temperature?: number;
  topP?: number;
  stop?: string[];
  /** Put before the bot's own prompt. */
  systemPrompt?: string;
  /** Tokens that prompt and answer may fill together; older turns are omitted first. 128000 by default. */
  contextWindow?: number;
  /** Claude's `thinking` object, sent as it is: the accepted form depends on the model. */
  thinking?: Record<string, unknown>;
  /** OpenAI's `reasoning_effort`. */
  reasoningEffort?: string;
  /** OpenAI: many compatible servers know `max_tokens` only, OpenAI's reasoning models only the other. */
  maxTokensField?: 'max_tokens' | 'max_completion_tokens';
  /** OpenAI: role of the system prompt; `user` puts it before the first question. By default `system`. */
  systemRole?: 'system' | 'developer' | 'user';
  /** OpenAI: false omits `stream_options`, for servers that refuse it. True by default. */
  streamUsage?: boolean;
  /** Which header carries the key: Claude's `x-api-key` by default, or `Authorization`; the latter also for Azure. */
  authScheme?: 'x-api-key' | 'bearer';
  /**
   * What to do with reasoning between marks like `<think>…</think>`. `auto` (default) separates it, `implicit` shows text
   * as reasoning until a closing mark comes, `off` leaves it in the answer.
   */
  thinkTag?: 'auto' | 'implicit' | 'off';
  /** Extra top-level fields of the request body. */
  extraBody?: Record<string, unknown>;
  /** Of its tokens. Not sent to the provider. */
  prices?: ModelPrices;
}

/** A model ready to be called: secrets are in clear here, so this never goes into a log, reply or job. */
export interface ModelSettings {
  name: string;
  provider: ProviderKind;
  modelId: string;
  /** With or without `/v1` and a trailing slash; the provider's public address when null. */
  baseUrl: string | null;
  apiKey: string | null;
  headers: Record<string, string>;
  parameters: ModelParameters;
}

export interface ChatMessage {
  role: 'user' | 'assistant';
  content: string;
}

export interface ChatRequest {
  taskId: number;
  subtaskId: number;
  /** Stable and opaque: safe to hand to a provider. */
  endUser: string;
  /** Null for an app, which has models of its own. */
  model: ModelSettings | null;
  dify?: DifyTurn;
  /** Set for upstreams that have runs of their own. */
  upstream?: UpstreamLink;
  system: string;
  /** Oldest first, roles alternate, the last one is the user's. */
  messages: readonly ChatMessage[];
  /** Nothing was said in the task before. */
  isFirst?: boolean;
  /** Set when the counts of an answer that is broken off are wanted, too. */
  meter?: TokenMeter;
  /** Positions of the questions of this conversation, the one to be answered last. */
  path?: readonly number[];
}

/** Where a provider offers the token counts of its answer before the end. */
export interface TokenMeter {
  /** Returns the counts that have arrived; undefined when there are none. Replaced by the provider. */
  read: () => Usage | undefined;
}

/** A turn that a model answers. */
export type ModelRequest = ChatRequest & { model: ModelSettings };

/** Why a run was stopped from outside; the reason of its abort signal. After a handover another worker goes on with it. */
export type StopReason = { kind: 'cancel'; at: number } | { kind: 'handover' } | { kind: 'fenced' };

/** Between a run here and the run that it has started at an app. */
export interface UpstreamLink {
  /** The app's run of an earlier attempt. */
  readonly known: DifyRun | null;
  /** What was shown of the answer so far. */
  shown(): { content: string; steps: readonly Step[] };
  /** Keeps what a later attempt needs. Not to be waited for. */
  save(run: DifyRun): void;
  /** How the app's run was stopped, after a cancel. */
  stopped(outcome: DifyStop): void;
  /** Questions to suggest, which may come after the answer. Never rejects. */
  suggest(questions: Promise<readonly string[]>): void;
}

/**
 * Runs one turn against one kind of upstream.
 *
 * `stream` yields what one network read brought, deltas of one kind already merged, and ends with a `finish` event.
 * It throws an `AppError` with a run error code on failure, and settles only after its socket is closed, so that
 * the time from abort to settling is the proof of a cancel. Nothing is retried once an event was yielded.
 */
export interface ChatProvider {
  /** Shell type whose bots it serves, e.g. `Chat`. */
  readonly shellType: string;
  stream(request: ChatRequest, signal: AbortSignal): AsyncIterable<readonly ProviderEvent[]>;
}

/** DI token of the providers, one per shell type. */
export const CHAT_PROVIDERS = Symbol('CHAT_PROVIDERS');
