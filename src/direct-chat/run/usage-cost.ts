import type { Usage } from '../../common/chat-event.js';
import type { ModelPrices } from '../../common/chat-provider.js';

const TOKENS_PER_PRICE = 1_000_000;
/** Digits of a cost: a millionth of the smallest coin. */
const DIGITS = 10;

/** Returns token counts with what they cost by the prices of their model, unless the provider has told that. */
export function priced(usage: Usage, prices: ModelPrices | undefined): Usage {
  if (!prices || usage.cost !== undefined) return usage;
  const { input_tokens: input, output_tokens: output } = usage;
  // Cached input is part of the input.
  const cached = Math.min(usage.cached_tokens ?? 0, input);
  const sum = (input - cached) * prices.input + cached * (prices.cached ?? prices.input) + output * prices.output;

  return { ...usage, cost: Number((sum / TOKENS_PER_PRICE).toFixed(DIGITS)), currency: prices.currency };
}
