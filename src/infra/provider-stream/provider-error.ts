/** Errors of providers: reads their replies, and makes messages that are safe to show. */
import type { IncomingHttpHeaders } from 'node:http';
import type { ModelSettings } from '../../common/contracts/chat-provider.js';
import { asText } from '../../common/text/json.js';
import { storableText } from '../../common/text/storable.js';
import { firstPart } from '../../common/text/text-cut.js';
import { AppError, type AppErrorOptions, type ErrorCode } from '../../common/app-error.js';
import { isMarkup } from './provider-problem.js';

const MAX_LENGTH = 300;
/** Shorter values would tear holes into ordinary words. */
const MIN_SECRET_LENGTH = 6;
/** Key shapes of the vendors (`sk-…`, also half masked ones), and whatever follows `Bearer` or a key's name. */
const KEY_SHAPES = [
  /\bsk-[\w*.-]*[\w*]/gi,
  /\b(bearer\s+)[^\s"',;]+/gi,
  /\b((?:x-)?api[-_ ]?key["']?\s*[:=]\s*["']?)[^\s"',;]+/gi,
];

/** Returns the secrets of a model, which messages of its provider may repeat. */
export function secretsOf(model: ModelSettings): string[] {
  const values = [model.apiKey ?? '', ...Object.values(model.headers)];
  const bare = values.map((value) => value.replace(/^(bearer|basic)\s+/i, '').trim());
  return [...new Set(bare)].filter((value) => value.length >= MIN_SECRET_LENGTH);
}

/** Shortens a message to one line of 300 characters without key material; undefined when nothing remains. */
export function cleanMessage(message: string | undefined, secrets: readonly string[]): string | undefined {
  if (message === undefined || isMarkup(message)) return undefined;
  let text = storableText(message);
  for (const secret of secrets) text = text.replaceAll(secret, '***');
  for (const shape of KEY_SHAPES) text = text.replace(shape, (_, name: unknown) => `${asText(name) ?? ''}***`);
  text = text.replace(/\s+/g, ' ').trim();

  return text.length > MAX_LENGTH ? `${firstPart(text, MAX_LENGTH - 1).trimEnd()}…` : text || undefined;
}

/** Instructions of a provider about retries. */
export interface RetryHints {
  /** Milliseconds to wait, from `retry-after-ms` or `retry-after`. */
  waitMs?: number;
  /** `x-should-retry`, which overrides the rule by status. */
  shouldRetry?: boolean;
}

/** Reads the headers as the official SDKs do: `retry-after-ms` first; `retry-after` in seconds or as an HTTP date. */
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

/** An error with the provider's instructions about retries. */
export class ProviderError extends AppError {
  constructor(
    code: ErrorCode,
    message: string,
    options: AppErrorOptions,
    readonly hints: RetryHints,
  ) {
    super(code, message, options);
  }
}
