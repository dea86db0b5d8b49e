import type { Usage } from '../../common/chat-event.js';

/** Counts as a provider gave them; whatever it left out is undefined. */
export interface TokenCounts {
  input: number | undefined;
  output: number | undefined;
  total?: number | undefined;
  reasoning?: number | undefined;
  cached?: number | undefined;
  cost?: number | undefined;
  currency?: string | undefined;
}

/** Undefined when the provider counted nothing: zeros would be a claim. */
export function toUsage({ input, output, total, reasoning, cached, cost, currency }: TokenCounts): Usage | undefined {
  if (input === undefined && output === undefined) return undefined;
  const usage: Usage = { input_tokens: input ?? 0, output_tokens: output ?? 0, total_tokens: 0 };
  usage.total_tokens = total ?? usage.input_tokens + usage.output_tokens;
  if (reasoning !== undefined) usage.reasoning_tokens = reasoning;
  if (cached !== undefined) usage.cached_tokens = cached;
  if (cost !== undefined) usage.cost = cost;
  if (cost !== undefined && currency !== undefined) usage.currency = currency;

  return usage;
}
