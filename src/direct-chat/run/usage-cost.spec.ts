import { expect, it } from '@jest/globals';
import { priced } from './usage-cost.js';

const usage = { input_tokens: 1_000_000, output_tokens: 500_000, total_tokens: 1_500_000 };
const prices = { input: 3, output: 15, currency: 'USD' };

it('computes the cost of input and output', () => {
  expect(priced(usage, prices)).toEqual({ ...usage, cost: 10.5, currency: 'USD' });
  expect(priced({ input_tokens: 1, output_tokens: 0, total_tokens: 1 }, { ...prices, input: 0.1 }).cost).toBe(1e-7);
});

it('computes cached input by its own price, and by that of input without one', () => {
  const cached = { ...usage, cached_tokens: 600_000 };

  expect(priced(cached, { ...prices, cached: 0.3 }).cost).toBe(8.88);
  expect(priced(cached, prices).cost).toBe(10.5);
  expect(priced({ ...usage, cached_tokens: 9_000_000 }, { ...prices, cached: 1 }).cost).toBe(8.5);
});

it('leaves what the provider has told, and counts without prices', () => {
  const told = { ...usage, cost: 1, currency: 'EUR' };

  expect(priced(told, prices)).toBe(told);
  expect(priced(usage, undefined)).toBe(usage);
});
