import type { ChatEvent, Usage } from '../../common/contracts/chat-event.js';
import type { ModelPrices, TokenMeter } from '../../common/contracts/chat-provider.js';

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

/** Adds the cost to an event with token counts. */
export function withCost<Event extends ChatEvent>(event: Event, prices: ModelPrices | undefined): Event {
  return event.type === 'usage' ? { ...event, ...priced(event, prices) } : event;
}

/** The token counts of one answer, also of one that was stopped or has failed. */
export class UsageMeter implements TokenMeter {
  prices: ModelPrices | undefined;
  read: TokenMeter['read'] = none;

  /** Returns the counts that the provider has sent so far, with their cost. */
  get current(): Usage | undefined {
    const usage = this.read();

    return usage && priced(usage, this.prices);
  }

  /** Begins with another answer. */
  restart(prices?: ModelPrices): void {
    this.prices = prices;
    this.read = none;
  }
}

function none(): undefined {
  return undefined;
}
