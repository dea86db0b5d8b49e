/** Reads token counts under the names and in the places that providers use. */
import type { Usage } from '../../../common/contracts/chat-event.js';
import { asNumber, asObject, asText, type JsonObject } from '../../../common/text/json.js';
import { toUsage } from '../../../infra/provider-stream/event-batch.js';

/** Paths of each count: of OpenAI, Claude, Gemini, Ollama, llama.cpp, Bedrock and Cohere. */
const PATHS = {
  prompt: ['prompt_tokens', 'promptTokens', 'promptTokenCount', 'prompt_token_count', 'prompt_eval_count', 'prompt_n'],
  input: [
    'input_tokens',
    'inputTokens',
    'inputTextTokens',
    'tokens_prompt',
    'inputTokenCount',
    'input_token_count',
    'tokens.input_tokens',
  ],
  output: [
    ...['completion_tokens', 'output_tokens', 'completionTokens', 'outputTokens', 'outputTokenCount', 'eval_count'],
    ...['candidatesTokenCount', 'candidates_token_count', 'output_token_count', 'generated_tokens', 'predicted_n'],
    ...['tokens.output_tokens', 'tokens_completion', 'generated_token_count'],
  ],
  total: ['total_tokens', 'totalTokens', 'totalTokenCount', 'total_token_count'],
  reasoning: [
    ...['completion_tokens_details.reasoning_tokens', 'output_tokens_details.reasoning_tokens'],
    ...['output_tokens_details.thinking_tokens', 'reasoning_tokens', 'reasoningTokens'],
  ],
  thoughts: ['thoughtsTokenCount', 'thoughts_token_count'],
  cached: [
    ...['prompt_tokens_details.cached_tokens', 'input_tokens_details.cached_tokens', 'prompt_cache_hit_tokens'],
    ...['cache_read_input_tokens', 'cacheReadInputTokens', 'cacheReadInputTokenCount', 'cachedContentTokenCount'],
    'cached_tokens',
  ],
  cacheWritten: ['cache_creation_input_tokens', 'cacheWriteInputTokens', 'cacheWriteInputTokenCount'],
  cost: ['cost', 'total_cost', 'cost.total_cost'],
} as const;
type Count = keyof typeof PATHS;

/** Fields in which counts may stand, beside or around them. `x_groq` is Groq's, `timings` llama.cpp's. */
const PLACES = [
  ...['usage', 'usageMetadata', 'usage_metadata', 'x_groq', 'token_usage', 'tokenUsage', 'meta', 'billed_units'],
  ...['timings', 'amazon-bedrock-invocationMetrics', 'response', 'message', 'metadata'],
  ...['data', 'result', 'output'],
];
/** Fields of an object that hold counts themselves. */
const OWN_COUNTS = [
  'prompt_eval_count',
  'eval_count',
  'promptTokenCount',
  'inputTokenCount',
  'prompt_n',
  'prompt_tokens',
];

/** Counts of one answer. The newest of each wins, because providers repeat them cumulatively; a zero says nothing. */
export class UsageCounts {
  private readonly counts: Partial<Record<Count, number>> = {};
  /** The newest usage of a server that sends it with every token: read when another follows that has less, or at the end. */
  private latest: JsonObject | null = null;
  /** Whether cached input was counted apart from the input, as Claude does. */
  private isApart = false;

  /** Reads an object that is known to hold counts. @returns whether it did */
  add(value: unknown): boolean {
    const usage = asObject(value);
    if (!usage) return false;
    if (isFull(usage)) {
      this.latest = usage;

      return true;
    }
    this.readLatest();

    return this.merge(usage);
  }

  private readLatest(): void {
    if (this.latest) this.merge(this.latest);
    this.latest = null;
  }

  private merge(usage: JsonObject): boolean {
    let found = false;
    for (const count of Object.keys(PATHS) as Count[]) found = this.set(count, usage) || found;

    return found;
  }

  /** Looks for counts in a chunk, a choice or the like. @returns whether there were any */
  find(holder: JsonObject, depth = 0): boolean {
    let found = OWN_COUNTS.some((name) => name in holder) && this.add(holder);
    for (const place of PLACES) {
      const inner = asObject(holder[place]);
      if (!inner) continue;
      const isUsage = this.add(inner);
      found = (depth < 2 && this.find(inner, depth + 1)) || isUsage || found;
    }

    return found;
  }

  /** Returns the counts so far; undefined when there were none. Cached input is part of the input, as OpenAI counts it. */
  totals(): Usage | undefined {
    this.readLatest();
    const { prompt, input, output, total, reasoning, thoughts, cached, cacheWritten, cost } = this.counts;
    // Claude counts cached input apart.
    const all = prompt ?? (input === undefined ? undefined : input + this.apart(cached, cacheWritten));
    const said = output === undefined && thoughts === undefined ? undefined : (output ?? 0) + (thoughts ?? 0);
    const sum = (all ?? 0) + (said ?? 0);

    return toUsage({
      input: all,
      output: said,
      total: total !== undefined && total >= sum ? total : sum,
      reasoning: reasoning ?? thoughts,
      cached,
      cost,
    });
  }

  private apart(cached = 0, written = 0): number {
    return (this.isApart ? cached : 0) + written;
  }

  private set(count: Count, usage: JsonObject): boolean {
    for (const path of PATHS[count]) {
      const value = countAt(usage, path);
      if (value === undefined) continue;
      if (path.startsWith('cache_read') || path.startsWith('cacheRead')) this.isApart = true;
      if (value !== 0 || this.counts[count] === undefined) this.counts[count] = value;

      return true;
    }

    return false;
  }
}

function isFull({ prompt_tokens: input, completion_tokens: output }: JsonObject): boolean {
  return typeof input === 'number' && input > 0 && typeof output === 'number' && output > 0;
}

function countAt(usage: JsonObject, path: string): number | undefined {
  const [first = '', second] = path.split('.');
  const value = second === undefined ? usage[first] : asObject(usage[first])?.[second];

  return asNumber(value) ?? numeric(asText(value));
}

function numeric(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : undefined;
}
