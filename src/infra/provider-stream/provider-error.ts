/** Errors of providers: reads their replies, and makes messages that are safe to show. */
import type { IncomingHttpHeaders } from 'node:http';
import type { ModelSettings } from '../../common/chat-provider.js';
import { asNumber, asObject, asText, type JsonObject, parseJson } from '../../common/json.js';
import { storableText } from '../../common/storable.js';
import { firstPart } from '../../common/text-cut.js';
import { AppError, type AppErrorOptions, type ErrorCode } from '../../common/app-error.js';

const MAX_LENGTH = 300;
/** Shorter values would tear holes into ordinary words. */
const MIN_SECRET_LENGTH = 6;
/** Key shapes of the vendors (`sk-…`, also half masked ones), and whatever follows `Bearer` or a key's name. */
const KEY_SHAPES = [
  /\bsk-[\w*.-]*[\w*]/gi,
  /\b(bearer\s+)[^\s"',;]+/gi,
  /\b((?:x-)?api[-_ ]?key["']?\s*[:=]\s*["']?)[^\s"',;]+/gi,
];

/** The parts of an error body that describe the failure. */
export interface ProviderProblem {
  message?: string;
  type?: string;
  code?: string;
  /** OpenRouter and Google put the HTTP status into `code`. */
  status?: number;
}

/** Parses the body of an HTTP error. Plain text is the message itself; HTML has none. */
export function readProblem(text: string): ProviderProblem {
  const json = parseJson(text.trim());
  if (json !== undefined && typeof json !== 'string') return problemOf(json);
  const plain = typeof json === 'string' ? json : text.trim();

  return plain === '' || isMarkup(plain) ? {} : { message: plain };
}

/**
 * Reads the problem from JSON in the shapes that providers use: `error.message`, `error` (string), `message`, `detail` (string, or FastAPI's array of
 * `{loc, msg}`), `errors[0].message`.
 */
export function problemOf(json: unknown): ProviderProblem {
  const body = asObject(Array.isArray(json) ? (json as unknown[])[0] : json) ?? {};
  const error = asObject(body['error']);
  const source = error ?? body;
  const code = source['code'];

  return {
    message: asText(error?.['message']) ?? asText(body['error']) ?? asText(body['message']) ?? listed(body),
    type: asText(source['type']),
    code: asText(code),
    status: asNumber(code) ?? asNumber(Number(asText(code))),
  };
}

function listed(body: JsonObject): string | undefined {
  const detail = body['detail'];
  const errors = Array.isArray(detail) ? (detail as unknown[]) : body['errors'];
  if (!Array.isArray(errors)) return asText(detail) ?? asText(asObject(detail)?.['message']);
  const first = asObject((errors as unknown[])[0]);
  const where = Array.isArray(first?.['loc']) ? `${(first['loc'] as unknown[]).join('.')}: ` : '';
  const what = asText(first?.['message']) ?? asText(first?.['msg']) ?? asText((errors as unknown[])[0]);

  return what === undefined ? undefined : where + what;
}

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

function isMarkup(text: string): boolean {
  return /^\s*<|<(!doctype|html|head|body)\b/i.test(text);
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
