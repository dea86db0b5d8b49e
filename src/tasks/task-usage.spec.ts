import { expect, it } from '@jest/globals';
import { toTaskUsage } from './task-usage.js';

const sum = (cost: number | null, currency: string | null) => ({ input: 10, output: 5, total: 15, cost, currency });
const counts = (times: number) => ({ input_tokens: 10 * times, output_tokens: 5 * times, total_tokens: 15 * times });

it('adds up token counts, and costs of one currency', () => {
  expect(toTaskUsage([])).toBeNull();
  expect(toTaskUsage([sum(null, null)])).toEqual(counts(1));
  expect(toTaskUsage([sum(0.1 + 0.2, 'EUR'), sum(null, null)])).toEqual({ ...counts(2), cost: 0.3, currency: 'EUR' });
  expect(toTaskUsage([sum(0.5, null)])).toEqual({ ...counts(1), cost: 0.5 });
});

it('adds no costs of several currencies', () => {
  expect(toTaskUsage([sum(1, 'EUR'), sum(1, 'USD')])).toEqual(counts(2));
  expect(toTaskUsage([sum(1, 'EUR'), sum(1, null)])).toEqual(counts(2));
});
