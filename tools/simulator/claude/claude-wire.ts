// The event stream and the JSON message of the Claude Messages API.
import { newId } from '../ids.js';
import type { Json } from '../../shared/json.js';
import type { Plan } from '../plan.js';

/** The signature of every thinking block. */
export const CLAUDE_SIGNATURE = 'EqQBCgIYAhIMc2ltdWxhdG9yLTAxGgxzaW11bGF0ZWQtMDEiMHNpZ25hdHVyZQ==';

/** The event that the real service strews in; note the blank in its JSON. */
export const CLAUDE_PING = 'event: ping\ndata: {"type": "ping"}\n\n';

/** One content block: as it is announced, its deltas as frames, and as it stands in a JSON message. */
export interface Block {
  start: Json;
  /** One frame per token. */
  steps: string[];
  /** Frames between the last delta and the stop. */
  last?: string;
  whole: Json;
}

/** An answer, before it is decided how it is sent. */
export interface Answer {
  model: string;
  blocks: Block[];
  stopReason: string;
  stopDetails?: Json;
  inputTokens: number;
  outputTokens: number;
  thinkingTokens: number;
}

/** One event. */
export function frame(data: Json & { type: string }): string {
  return `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** The event that replaces the rest of a stream. */
export function errorFrame(type: string, message: string): string {
  return frame({ type: 'error', error: { type, message } });
}

function deltaFrames(index: number, type: string, field: string, tokens: readonly string[]): string[] {
  const [head, tail] = frame({ type: 'content_block_delta', index, delta: { type, [field]: '\0' } }).split('\\u0000');
  return tokens.map((token) => `${head}${JSON.stringify(token).slice(1, -1)}${tail}`);
}

/** A text block. */
export function textBlock(index: number, tokens: readonly string[]): Block {
  return {
    start: { type: 'text', text: '', citations: null },
    steps: deltaFrames(index, 'text_delta', 'text', tokens),
    whole: { type: 'text', text: tokens.join(''), citations: null },
  };
}

/** A thinking block; without tokens it is one whose text is omitted: only the signature comes. */
export function thinkingBlock(index: number, tokens: readonly string[]): Block {
  const delta = { type: 'signature_delta', signature: CLAUDE_SIGNATURE };
  return {
    start: { type: 'thinking', thinking: '', signature: '' },
    steps: deltaFrames(index, 'thinking_delta', 'thinking', tokens),
    last: frame({ type: 'content_block_delta', index, delta }),
    whole: { type: 'thinking', thinking: tokens.join(''), signature: CLAUDE_SIGNATURE },
  };
}

/** A block of encrypted thinking; it comes whole. */
export function redactedBlock(): Block {
  const whole = { type: 'redacted_thinking', data: 'EmwKAhgBEgxzaW11bGF0ZWQ' };
  return { start: whole, steps: [], whole };
}

const WEATHER: Json = { location: 'San Francisco, CA', unit: 'celsius' };

/** A tool call, its input cut at places where no JSON parser can make sense of the piece. */
export function toolBlock(index: number, name: string, input = WEATHER): Block {
  const pieces = ['', ...(JSON.stringify(input).match(/[^]{1,11}/gu) ?? [])];
  const id = newId('toolu_01', 22);
  return {
    start: { type: 'tool_use', id, name, input: {} },
    steps: deltaFrames(index, 'input_json_delta', 'partial_json', pieces),
    whole: { type: 'tool_use', id, name, input },
  };
}

function startUsage(answer: Answer): Json {
  return {
    input_tokens: answer.inputTokens,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
    cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
    output_tokens: 1,
    service_tier: 'standard',
    server_tool_use: null,
    inference_geo: null,
    speed: null,
    output_tokens_details: null,
  };
}

/** The whole answer as a JSON message. */
export function messageOf(answer: Answer): Json {
  return {
    id: newId('msg_01', 22),
    type: 'message',
    role: 'assistant',
    model: answer.model,
    content: answer.blocks.map((block) => block.whole),
    stop_reason: answer.stopReason,
    stop_sequence: null,
    stop_details: answer.stopDetails ?? null,
    container: null,
    diagnostics: null,
    usage: {
      ...startUsage(answer),
      output_tokens: answer.outputTokens,
      output_tokens_details: { thinking_tokens: answer.thinkingTokens },
    },
  };
}

/** The first event of a stream. */
export function messageStart(answer: Answer): string {
  const message = { ...messageOf(answer), content: [], stop_reason: null, stop_details: null };
  return frame({ type: 'message_start', message: { ...message, usage: startUsage(answer) } });
}

/** An event with the stop reason and the usage, which is cumulative. */
export function messageDelta(answer: Answer, stopReason: string | null, outputTokens: number): string {
  const stopDetails = stopReason === null ? null : (answer.stopDetails ?? null);
  return frame({
    type: 'message_delta',
    delta: { stop_reason: stopReason, stop_sequence: null, stop_details: stopDetails, container: null },
    usage: {
      input_tokens: answer.inputTokens,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
      output_tokens: outputTokens,
      output_tokens_details: { thinking_tokens: answer.thinkingTokens },
      server_tool_use: null,
    },
  });
}

/** The stream of an answer. What stands between two tokens (block ends and starts) rides with the later token. */
export function planOf(answer: Answer): Plan {
  const steps: string[] = [];
  let lead = messageStart(answer);
  let between = '';
  for (const [index, block] of answer.blocks.entries()) {
    between += frame({ type: 'content_block_start', index, content_block: block.start });
    // The start of the first block does not wait for its first token, and the real service pings here.
    if (index === 0) {
      lead += between + CLAUDE_PING;
      between = '';
    }
    for (const step of block.steps) {
      steps.push(between + step);
      between = '';
    }
    between += (block.last ?? '') + frame({ type: 'content_block_stop', index });
  }
  const end = messageDelta(answer, answer.stopReason, answer.outputTokens) + frame({ type: 'message_stop' });
  return { lead, steps, tail: between + end, ending: 'end' };
}
