import { describe, expect, it } from '@jest/globals';
import { AppError } from '../../common/app-error.js';
import { ProviderError, readRetryHints, type RetryHints } from './provider-error.js';
import { abortableSleep, retryDelay } from './retry.js';

const overloaded = (hints: RetryHints = {}) =>
  new ProviderError('provider_overloaded', 'busy', { retryable: true }, hints);
const limited = (waitMs: number) =>
  new ProviderError('provider_rate_limited', 'limited', { retryable: true }, { waitMs });
const at = (retries: number, elapsedMs = 0) => ({ retries, elapsedMs });

describe('retryDelay', () => {
  it('doubles from 0.5 s', () => {
    expect([0, 1, 2].map((retries) => retryDelay(overloaded(), at(retries), () => 0))).toEqual([500, 1000, 2000]);
  });

  it('takes off a quarter at most', () => {
    expect(retryDelay(overloaded(), at(0), () => 1)).toBe(375);
  });

  it('ends after three retries, or when the budget is used up', () => {
    const error = overloaded();
    expect(() => retryDelay(error, at(3))).toThrow(error);
    expect(() => retryDelay(error, at(0, 29_900), () => 0)).toThrow(error);
  });

  it('does what the provider asks for', () => {
    expect(retryDelay(limited(1200), at(0))).toBe(1200);
    expect(retryDelay(limited(0), at(2))).toBe(0);
  });

  it('fails at once when it asks for more than the budget', () => {
    expect(() => retryDelay(limited(61_000), at(0))).toThrow(
      expect.objectContaining({
        code: 'provider_rate_limited',
        retryAfter: 61,
        message: expect.stringContaining('61 s'),
      }),
    );
    expect(() => retryDelay(limited(6000), at(1, 25_000))).toThrow(/6 s/);
  });

  it('passes on what is no use to retry', () => {
    const final = new AppError('provider_auth', 'no');
    expect(() => retryDelay(final, at(0))).toThrow(final);
    const bug = new TypeError('bug');
    expect(() => retryDelay(bug, at(0))).toThrow(bug);
  });
});

describe('readRetryHints', () => {
  const now = Date.parse('2026-11-22T10:00:00Z');

  it.each([
    [{ 'retry-after': '3' }, { waitMs: 3000 }],
    [{ 'retry-after': '0.5' }, { waitMs: 500 }],
    [{ 'retry-after-ms': '250', 'retry-after': '3' }, { waitMs: 250 }],
    [{ 'retry-after': 'Sun, 22 Nov 2026 10:00:07 GMT' }, { waitMs: 7000 }],
    [{ 'retry-after': 'Sun, 22 Nov 2026 09:00:00 GMT' }, { waitMs: 0 }],
    [{ 'retry-after': 'soon', 'retry-after-ms': '-1' }, {}],
    [{ 'x-should-retry': 'true' }, { shouldRetry: true }],
    [{ 'x-should-retry': 'perhaps' }, {}],
  ])('%j -> %j', (headers, hints) => expect(readRetryHints(headers, now)).toEqual(hints));
});

describe('abortableSleep', () => {
  it('throws the reason of the abort, at once', async () => {
    const reason = new Error('cancelled');
    const controller = new AbortController();
    const sleep = abortableSleep(60_000, controller.signal);
    controller.abort(reason);
    await expect(sleep).rejects.toBe(reason);
    await expect(abortableSleep(60_000, AbortSignal.abort(reason))).rejects.toBe(reason);
  });

  it('ends by itself', async () => {
    await expect(abortableSleep(1, new AbortController().signal)).resolves.toBeUndefined();
  });
});
