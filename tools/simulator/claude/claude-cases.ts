// The cases of the Claude simulator, in the groups in which they differ from a plain answer:
// another status, another content, or another stream. README.md describes them.
import type { ToolCall } from './claude-tools.js';
import type { Answer } from './claude-wire.js';
import * as wire from './claude-wire.js';
import { htmlReply, jsonReply } from '../deliver.js';
import type { Headers, Reply } from '../exchange.js';
import { newId } from '../ids.js';
import * as plans from '../plan.js';
import type { Plan } from '../plan.js';
import { ScriptError } from '../../shared/script-pairs.js';
import type { Script } from '../script.js';
import { scriptedReasoning } from '../text.js';

/** What a case may look at. */
export interface ClaudeRequest {
  script: Script;
  model: string;
  /** Whether the request asked for a stream. */
  stream: boolean;
  maxTokens: number;
  toolName: string;
  /** The tool that the script wants to be called now. */
  call?: ToolCall;
  inputTokens: number;
  /** The tokens of the text. */
  tokens: string[];
}

/** Status, `error.type` and message. */
const ERRORS: Record<string, readonly [number, string, string]> = {
  'http-error': [500, 'api_error', 'Internal server error'],
  'rate-limited': [429, 'rate_limit_error', 'This request would exceed your rate limit of 50 requests per minute.'],
  overloaded: [529, 'overloaded_error', 'Overloaded'],
  'server-error': [500, 'api_error', 'Internal server error'],
  auth: [401, 'authentication_error', 'invalid x-api-key'],
  permission: [403, 'permission_error', 'Your API key does not have permission to use the specified resource.'],
  'not-found': [404, 'not_found_error', 'model: sim-none'],
  'prompt-too-long': [400, 'invalid_request_error', 'prompt is too long: 208310 tokens > 200000 maximum'],
  'low-credit': [400, 'invalid_request_error', 'Your credit balance is too low to access the Anthropic API.'],
};

const PAGES: Record<string, readonly [number, string]> = {
  'too-large-html': [413, '413 Request Entity Too Large'],
  'html-502': [502, '502 Bad Gateway'],
  'html-200': [200, 'Sign in'],
};

/** Types of the status that a script may ask for. */
const TYPES: Record<number, string> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  409: 'conflict_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  504: 'timeout_error',
  529: 'overloaded_error',
};

function build(c: ClaudeRequest, reasoningTokens: number, more: Partial<Answer> = {}): Answer {
  const reasoning = scriptedReasoning(c.script, reasoningTokens);
  const room = Math.max(0, c.maxTokens - reasoning.length);
  const tokens = c.tokens.slice(0, room);
  const blocks = reasoning.length > 0 ? [wire.thinkingBlock(0, reasoning)] : [];
  return {
    model: c.model,
    blocks: [...blocks, wire.textBlock(blocks.length, tokens)],
    stopReason: tokens.length < c.tokens.length ? 'max_tokens' : 'end_turn',
    inputTokens: c.inputTokens,
    outputTokens: reasoning.length + tokens.length,
    thinkingTokens: reasoning.length,
    ...more,
  };
}

function toolAnswer(c: ClaudeRequest, { name, input, say }: ToolCall): Answer {
  const { blocks: all, ...answer } = build({ ...c, tokens: say === undefined ? [] : [say] }, 0);
  const blocks = all.filter(({ steps }) => steps.length > 0);
  return { ...answer, blocks: [...blocks, wire.toolBlock(blocks.length, name, input)], stopReason: 'tool_use' };
}

const ANSWERS: Record<string, (c: ClaudeRequest) => Answer> = {
  thinking: (c) => build(c, 8),
  guide: (c) => build(c, 8),
  'thinking-omitted': (c) => build(c, 0, { blocks: [wire.thinkingBlock(0, []), wire.textBlock(1, c.tokens)] }),
  'redacted-thinking': (c) => build(c, 0, { blocks: [wire.redactedBlock(), wire.textBlock(1, c.tokens)] }),
  'tool-use': (c) =>
    build(c, 0, { blocks: [wire.textBlock(0, c.tokens), wire.toolBlock(1, c.toolName)], stopReason: 'tool_use' }),
  refusal: (c) =>
    build(c, 0, {
      blocks: [],
      outputTokens: 1,
      stopReason: 'refusal',
      stopDetails: { type: 'refusal', category: 'cyber', explanation: 'This request was declined.' },
    }),
  empty: (c) => build(c, 0, { blocks: [], outputTokens: 1 }),
  'max-tokens': (c) => build(c, 0, { stopReason: 'max_tokens' }),
};

const OVERLOADED = wire.errorFrame('overloaded_error', 'Overloaded');

const UNKNOWN_EVENTS =
  wire.frame({ type: 'content_block_hint', index: 0, hint: 'of a later version' }) +
  wire.frame({
    type: 'content_block_delta',
    index: 0,
    delta: { type: 'shimmer_delta', shimmer: 'of a later version' },
  });

const STREAMS: Record<string, (plan: Plan, c: ClaudeRequest, answer: Answer) => Plan> = {
  pings: (plan) => plans.withFiller(plan, wire.CLAUDE_PING),
  'unknown-events': (plan) => ({ ...plan, steps: plan.steps.map((step) => step + UNKNOWN_EVENTS) }),
  'error-first': (plan) => ({ ...plan, lead: '', steps: [], tail: OVERLOADED }),
  'error-after-text': (plan, c) => plans.breakOff(plan, c.script.after, OVERLOADED),
  'eof-after-text': (plan, c) => plans.breakOff(plan, c.script.after, ''),
  'no-message-stop': (plan) => ({ ...plan, tail: plan.tail.replace(/event: message_stop[^]*$/, ''), ending: 'hang' }),
  'utf8-split': (plan) => ({ ...plan, cut: plans.cutCharacters }),
  'one-over-many': (plan) => ({ ...plan, cut: plans.cutSmall }),
  'many-in-one': (plan) => plan,
  crlf: plans.withCrlf,
  'two-message-deltas': (plan, _c, answer) => {
    const half = wire.messageDelta(answer, null, Math.floor(answer.outputTokens / 2));
    return { ...plan, tail: plan.tail.replace('event: message_delta', () => `${half}event: message_delta`) };
  },
  'hang-after-delta': (plan, c) => plans.breakOff(plan, c.script.after, '', 'hang'),
  'only-pings': (plan, _c, answer) => ({
    ...plans.breakOff(plan, 0, '', 'hang'),
    lead: wire.messageStart(answer),
    keepAlive: wire.CLAUDE_PING,
  }),
  disconnect: (plan, c) => plans.breakOff(plan, c.script.after, '', 'destroy'),
  'no-event-names': (plan) => plans.rewrite(plan, (text) => text.replace(/^event: .*\n/gm, '')),
  slow: (plan) => plan,
};

/** Every case, by name. */
export const CLAUDE_CASES: readonly string[] = [
  ...['happy', 'json-reply', 'hang-before-headers'],
  ...[ANSWERS, STREAMS, ERRORS, PAGES].flatMap((table) => Object.keys(table)),
];

/** An error in the form of the Claude API. */
export function claudeError(status: number, type: string, message: string, headers?: Headers): Reply {
  const body = { type: 'error', error: { type, message }, request_id: newId('req_011C', 20) };
  return jsonReply(status, body, headers);
}

function retryHeaders({ script }: ClaudeRequest): Headers {
  const seconds = script.retryAfter ?? (script.case === 'rate-limited' ? '1' : undefined);
  return seconds === undefined ? {} : { 'retry-after': seconds };
}

function errorCase(c: ClaudeRequest): Reply | undefined {
  const { script } = c;
  const page = PAGES[script.case];
  if (page) return htmlReply(script.status ?? page[0], page[1]);
  const error = ERRORS[script.case];
  if (!error) return undefined;
  const [usual, usualType, message] = error;
  const type = script.status === undefined ? usualType : (TYPES[script.status] ?? 'api_error');
  return claudeError(script.status ?? usual, type, message, retryHeaders(c));
}

/** Does what the case of the script says. */
export function claudeReply(c: ClaudeRequest): Reply {
  const { script } = c;
  const error = errorCase(c);
  if (error) return error;
  if (script.status !== undefined) throw new ScriptError(`sim: the case '${script.case}' has no status to set.`);
  if (script.case === 'hang-before-headers') return { kind: 'hang' };
  const answer = c.call ? toolAnswer(c, c.call) : (ANSWERS[script.case]?.(c) ?? build(c, 0));
  if (!c.stream || script.case === 'json-reply') return jsonReply(200, wire.messageOf(answer));
  const plan = wire.planOf(answer);
  return { kind: 'stream', plan: STREAMS[script.case]?.(plan, c, answer) ?? plan };
}
