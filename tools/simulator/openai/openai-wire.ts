// The chunk stream and the JSON completion of the chat completions API.
import { newId } from '../ids.js';
import type { Json } from '../../shared/json.js';
import type { Plan } from '../plan.js';

/** The end marker of every proper stream. */
export const OPENAI_DONE = 'data: [DONE]\n\n';

/** An answer, before it is decided how it is sent. */
export interface Completion {
  id: string;
  created: number;
  model: string;
  /** One delta per token. */
  deltas: Delta[];
  finishReason: string;
  /** What a JSON reply holds in place of the deltas. */
  message: Json;
  usage: Usage;
  /** `none`: no such chunk. `last`: a chunk of its own. `finish`: in the chunk with the finish reason. `every`: in all of them. */
  sendUsage: 'none' | 'last' | 'finish' | 'every';
  /** Whether the request wants the padding that hides the length of tokens. */
  obfuscation: boolean;
}

/** The delta of one token: `{content}`, or what a case puts in its place. */
export type Delta = Json;

/** Token counts. */
export interface Usage {
  prompt: number;
  completion: number;
  reasoning: number;
}

/** One event. */
export function data(json: unknown): string {
  return `data: ${JSON.stringify(json)}\n\n`;
}

/** The usage object after `completion` tokens. */
export function usageOf(usage: Usage, completion = usage.completion): Json {
  return {
    prompt_tokens: usage.prompt,
    completion_tokens: completion,
    total_tokens: usage.prompt + completion,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: Math.min(usage.reasoning, completion),
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}

/** The id of a new completion. */
export function completionId(): string {
  return newId('chatcmpl-', 29);
}

function envelope(completion: Completion, object: string): Json {
  const { id, created, model } = completion;
  return { id, object, created, model, service_tier: 'default', system_fingerprint: 'fp_5imu1at0r' };
}

/** One chunk with one choice. */
export function chunk(completion: Completion, delta: Delta, finishReason: string | null, usage?: Json): string {
  const nulls = completion.sendUsage === 'none' ? {} : { usage: usage ?? null };
  return data({
    ...envelope(completion, 'chat.completion.chunk'),
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finishReason }],
    ...nulls,
    ...(completion.obfuscation ? { obfuscation: 'aX3' } : {}),
  });
}

/** The chunk without choices that carries the usage. */
export function usageChunk(completion: Completion): string {
  const head = envelope(completion, 'chat.completion.chunk');
  return data({ ...head, choices: [], usage: usageOf(completion.usage) });
}

/** Renders chunks by swapping the delta only: the rest of a chunk is the same for the whole stream. */
function tokenChunks(completion: Completion): string[] {
  const { deltas, usage, sendUsage } = completion;
  if (sendUsage === 'every') return deltas.map((delta, i) => chunk(completion, delta, null, usageOf(usage, i + 1)));
  const [head, tail] = chunk(completion, { '\0': 0 }, null).split('{"\\u0000":0}');
  return deltas.map((delta) => `${head}${JSON.stringify(delta)}${tail}`);
}

/** The stream of an answer. */
export function planOf(completion: Completion): Plan {
  const { usage, sendUsage, finishReason } = completion;
  const first = sendUsage === 'every' ? usageOf(usage, 0) : undefined;
  const last = sendUsage === 'every' || sendUsage === 'finish' ? usageOf(usage) : undefined;
  const tail =
    chunk(completion, {}, finishReason, last) + (sendUsage === 'last' ? usageChunk(completion) : '') + OPENAI_DONE;
  const lead = chunk(completion, { role: 'assistant', content: '', refusal: null }, null, first);
  return { lead, steps: tokenChunks(completion), tail, ending: 'end' };
}

/** The whole answer as JSON. */
export function completionOf(completion: Completion): Json {
  const message = { role: 'assistant', refusal: null, annotations: [], ...completion.message };
  const choice = { index: 0, message, logprobs: null, finish_reason: completion.finishReason };
  return { ...envelope(completion, 'chat.completion'), choices: [choice], usage: usageOf(completion.usage) };
}

/** The pieces of one tool call, its arguments cut where no JSON parser can make sense of the piece. */
export function toolCallDeltas(id: string, name: string): Delta[] {
  const call = { index: 0, id, type: 'function', function: { name, arguments: '' } };
  const pieces = ['{"loc', 'ation": "San Fra', 'ncisco, CA", "un', 'it": "celsius"}'];
  return [
    { content: null, tool_calls: [call] },
    ...pieces.map((piece) => ({ tool_calls: [{ index: 0, function: { arguments: piece } }] })),
  ];
}

/** The same call as it stands in a JSON reply. */
export function wholeToolCall(id: string, name: string): Json {
  const input = '{"location": "San Francisco, CA", "unit": "celsius"}';
  return { id, type: 'function', function: { name, arguments: input } };
}
