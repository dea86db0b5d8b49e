import type { IncomingHttpHeaders } from 'node:http';

/** What a provider's reply says about trying again. */
export interface RetryHints {
  /** Milliseconds to wait, from `retry-after-ms` or `retry-after`. */
  waitMs?: number;
  /** `x-should-retry`, which overrides the rule by status. */
  shouldRetry?: boolean;
}

/** The headers as the official SDKs read them: `retry-after-ms` first; `retry-after` in seconds or as an HTTP date. */
export function readRetryHints(headers: IncomingHttpHeaders, now: number): RetryHints {
  const hints: RetryHints = {};
  const waitMs = decimal(headers['retry-after-ms']) ?? retryAfter(headers['retry-after'], now);
  if (waitMs !== undefined) hints.waitMs = Math.max(0, waitMs);
  const should = headers['x-should-retry'];
  if (should === 'true' || should === 'false') hints.shouldRetry = should === 'true';

  return hints;
}

function retryAfter(value: string | undefined, now: number): number | undefined {
  const seconds = decimal(value);
  if (seconds !== undefined) return seconds * 1000;
  const date = Date.parse(value ?? '');
  return Number.isNaN(date) ? undefined : date - now;
}

function decimal(value: string | string[] | undefined): number | undefined {
  return typeof value === 'string' && /^\s*\d+(\.\d+)?\s*$/.test(value) ? Number(value) : undefined;
}
