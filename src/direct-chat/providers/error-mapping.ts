/** Maps the failures of providers, by HTTP status or inside a stream, to errors with a stable code. */
import type { IncomingHttpHeaders } from 'node:http';
import { addressAdvice } from '../../infra/provider-stream/address-advice.js';
import type { ErrorCode } from '../../common/app-error.js';
import type { ProviderKind } from '../../common/contracts/chat-provider.js';
import {
  cleanMessage,
  ProviderError,
  readRetryHints,
  type RetryHints,
} from '../../infra/provider-stream/provider-error.js';
import { problemOf, type ProviderProblem, readProblem } from '../../infra/provider-stream/provider-problem.js';
import { codeOfNames, codeOfWords, isContextLimit, isExhausted, isLargerThanLimit } from './dialects/error-words.js';

/** Origin of an error, for its message, and secrets that the message must not repeat. */
export interface ErrorSource {
  provider: ProviderKind;
  host: string;
  secrets: readonly string[];
  /** The path that was asked for, where the base URL has none. */
  addedPath?: string;
}

const RETRYABLE: ReadonlySet<ErrorCode> = new Set([
  'provider_rate_limited',
  'provider_overloaded',
  'provider_unavailable',
  'provider_timeout',
]);

/** What is not mended by the same request. */
const REFUSALS: ReadonlySet<ErrorCode> = new Set(['provider_auth', 'provider_not_found', 'provider_bad_request']);
const BY_STATUS = new Map<number, ErrorCode>([
  [401, 'provider_auth'],
  [403, 'provider_auth'],
  [404, 'provider_not_found'],
  [408, 'provider_timeout'],
  [429, 'provider_rate_limited'],
  [504, 'provider_timeout'],
  [529, 'provider_overloaded'],
]);
/** Returns the error of a reply whose status is not 2xx. */
export function errorFromStatus(
  status: number,
  headers: IncomingHttpHeaders,
  body: string,
  source: ErrorSource,
): ProviderError {
  const problem = readProblem(body);
  const hints = readRetryHints(headers, Date.now());
  const text = cleanMessage(problem.message, source.secrets) ?? adviceFor(status);
  const address = addressAdvice(status, headers, { host: source.host, setting: 'the base URL', body });
  const said = [text, address, pathAdvice(status, problem, source)].filter(Boolean).join('; ');
  const message = `${source.host} answered HTTP ${status}${said ? `: ${said}` : ''}`;

  return build(codeOfStatus(status, problem, source), message, problem, { status, hints });
}

/** Returns the error of an error object with status 200: inside a stream, or in place of one. */
export function errorFromPayload(payload: unknown, source: ErrorSource): ProviderError {
  const problem = problemOf(payload);
  const text = cleanMessage(problem.message ?? problem.type, source.secrets) ?? 'no reason given';
  const message = `${source.host} failed: ${text}`;

  return build(codeOfPayload(problem, source), message, problem, { status: problem.status, hints: {} });
}

function build(
  code: ErrorCode,
  message: string,
  problem: ProviderProblem,
  { status, hints }: { status: number | undefined; hints: RetryHints },
): ProviderError {
  // 409 is a conflict with a request in progress: both official SDKs retry it.
  const byRule = RETRYABLE.has(code) || status === 409;
  const isHopeless = isExhausted(problem) || isLargerThanLimit(problem);
  const retryAfter = hints.waitMs === undefined ? undefined : Math.ceil(hints.waitMs / 1000);
  const retryable = !isHopeless && (hints.shouldRetry ?? byRule);

  return new ProviderError(code, message, { retryable, providerStatus: status, retryAfter }, hints);
}

function codeOfStatus(status: number, problem: ProviderProblem, source: ErrorSource): ErrorCode {
  const known = BY_STATUS.get(status);
  if (known) return known;
  if (status >= 500) return codeOfServerError(status, problem, source);
  if (isContextLimit(problem) || (status === 413 && source.provider === 'claude')) return 'context_too_long';
  if (status >= 400) return codeOfNames(problem) ?? codeOfRefusal(problem);
  // A redirect, which is not followed: the address is wrong.
  return 'provider_not_found';
}

/** llama-server and gateways answer 500 to requests that are refused; what was wrong with them stands in the body. */
function codeOfServerError(status: number, problem: ProviderProblem, source: ErrorSource): ErrorCode {
  if (isContextLimit(problem)) return 'context_too_long';
  if (problem.status !== undefined && problem.status < 500) return codeOfStatus(problem.status, problem, source);
  const named = codeOfNames(problem);
  if (named && REFUSALS.has(named)) return named;

  return isOverload(status, problem) ? 'provider_overloaded' : 'provider_unavailable';
}

/** A request that was refused is wrong, unless its words are about the key, the model or a limit. */
function codeOfRefusal(problem: ProviderProblem): ErrorCode {
  const code = isExhausted(problem) ? undefined : codeOfWords(problem);

  return code === 'provider_auth' || code === 'provider_not_found' || code === 'provider_rate_limited'
    ? code
    : 'provider_bad_request';
}

function codeOfPayload(problem: ProviderProblem, source: ErrorSource): ErrorCode {
  const named = codeOfNames(problem);
  if (named) return named;
  if (isContextLimit(problem)) return 'context_too_long';
  if (problem.status !== undefined) return codeOfStatus(problem.status, problem, source);
  if (isOverload(503, problem)) return 'provider_overloaded';

  return codeOfWords(problem) ?? codeOfNames(problem, true) ?? 'provider_unavailable';
}

function isOverload(status: number, problem: ProviderProblem): boolean {
  if (codeOfNames(problem) === 'provider_overloaded') return true;
  return status === 503 && /overload|at capacity/i.test(problem.message ?? '');
}

function adviceFor(status: number): string | undefined {
  if (status === 404) return 'check the base URL and the model id';
  if (status === 401 || status === 403) return 'check the API key';
  return undefined;
}

/** A bare host is asked at the usual path, which not every server has. */
function pathAdvice(status: number, problem: ProviderProblem, { host, addedPath }: ErrorSource): string | undefined {
  const isAboutModel = codeOfNames(problem) !== undefined || /\bmodels?\b|deployment/i.test(problem.message ?? '');
  if (status !== 404 || addedPath === undefined || isAboutModel) return undefined;

  return `it was asked for ${addedPath}; if its calls are elsewhere, give the base URL with the whole path, such as https://${host}${addedPath.replace(/^\/v1/, '')}`;
}
