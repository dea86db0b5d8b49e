import type { Usage } from '../common/contracts/chat-event.js';
import type { UsageSum } from './tasks.repository.js';

const COST_DIGITS = 10;

/** Token counts of all answers of a conversation. */
export type TaskUsage = Pick<Usage, 'input_tokens' | 'output_tokens' | 'total_tokens' | 'cost' | 'currency'>;

/** Adds up token counts. A cost is the sum of those of one currency. */
export function toTaskUsage(sums: readonly UsageSum[]): TaskUsage | null {
  if (sums.length === 0) return null;
  const sum = (count: 'input' | 'output' | 'total') => Math.round(sums.reduce((so, { [count]: one }) => so + one, 0));
  const costs = sums.filter(({ cost }) => cost !== null);
  const { cost = null, currency = null } = costs.length === 1 ? (costs[0] ?? {}) : {};

  return {
    ...{ input_tokens: sum('input'), output_tokens: sum('output'), total_tokens: sum('total') },
    ...(cost !== null && { cost: Number(cost.toFixed(COST_DIGITS)) }),
    ...(cost !== null && currency !== null && { currency }),
  };
}
