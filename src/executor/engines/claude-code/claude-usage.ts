import type { Usage } from '../../../common/contracts/chat-event.js';
import { asNumber, asObject, isJsonObject, type JsonObject } from '../../../common/text/json.js';

/** Token counts of a run. */
export class ClaudeUsage {
  private input = 0;
  private cached = 0;
  private output = 0;

  /** Adds a reply of the model: its `usage` at the end. @returns the sums so far */
  add(usage: JsonObject): Usage {
    const count = (name: string) => asNumber(usage[name]) ?? 0;
    this.cached += count('cache_read_input_tokens');
    this.input += count('input_tokens') + count('cache_read_input_tokens') + count('cache_creation_input_tokens');
    this.output += count('output_tokens');

    return usageOf(this.input, this.cached, this.output);
  }
}

/**
 * The usage of the last line. `modelUsage` counts sub-agents as well, `usage` does not. The cost is what the program
 * computes by Anthropic's prices.
 */
export function resultUsage(result: JsonObject): Usage | null {
  const models = Object.values(asObject(result['modelUsage']) ?? {}).filter(isJsonObject);
  if (models.length === 0) return null;
  const sum = (name: string) => models.reduce((total, model) => total + (asNumber(model[name]) ?? 0), 0);
  const cached = sum('cacheReadInputTokens');
  const cost = asNumber(result['total_cost_usd']) ?? 0;
  const usage = usageOf(sum('inputTokens') + cached + sum('cacheCreationInputTokens'), cached, sum('outputTokens'));

  return { ...usage, ...(cost > 0 && { cost, currency: 'USD' }) };
}

function usageOf(input: number, cached: number, output: number): Usage {
  return {
    ...{ input_tokens: input, output_tokens: output, total_tokens: input + output },
    ...(cached > 0 && { cached_tokens: cached }),
  };
}
