/** Maps the failures of providers, by HTTP status or inside a stream, to errors with a stable code. */
import type { IncomingHttpHeaders } from 'node:http';
import { addressAdvice } from '../../infra/provider-stream/address-advice.js';
import type { ErrorCode } from '../../common/app-error.js';
import type { ProviderKind } from '../../common/chat-provider.js';
import {
  cleanMessage,
  problemOf,
  ProviderError,
  type ProviderProblem,
  readProblem,
  readRetryHints,
  type RetryHints,
} from '../../infra/provider-stream/provider-error.js';

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

/** `error.type` of Anthropic's and `error.code`/`type` of OpenAI's error references; more telling than the status. */
const BY_NAME = new Map<string, ErrorCode>([
  ['authentication_error', 'provider_auth'],
  ['permission_error', 'provider_auth'],
  ['invalid_api_key', 'provider_auth'],
  ['not_found_error', 'provider_not_found'],
  ['model_not_found', 'provider_not_found'],
  ['DeploymentNotFound', 'provider_not_found'],
  ['context_length_exceeded', 'context_too_long'],
  ['request_too_large', 'context_too_long'],
  ['rate_limit_error', 'provider_rate_limited'],
  ['rate_limit_exceeded', 'provider_rate_limited'],
  ['insufficient_quota', 'provider_rate_limited'],
  ['credit_balance_exhausted', 'provider_rate_limited'],
  ['overloaded_error', 'provider_overloaded'],
  ['server_is_overloaded', 'provider_overloaded'],
  ['slow_down', 'provider_overloaded'],
  ['timeout_error', 'provider_timeout'],
  ['api_error', 'provider_unavailable'],
  ['server_error', 'provider_unavailable'],
  ['invalid_request_error', 'provider_bad_request'],
  ['billing_error', 'provider_bad_request'],
]);
const BY_STATUS = new Map<number, ErrorCode>([
  [401, 'provider_auth'],
  [403, 'provider_auth'],
  [404, 'provider_not_found'],
  [408, 'provider_timeout'],
  [429, 'provider_rate_limited'],
  [504, 'provider_timeout'],
  [529, 'provider_overloaded'],
]);
/** General names, which count last: OpenAI sends `invalid_request_error` for a wrong key, too. */
const GENERAL = new Set(['invalid_request_error', 'api_error', 'server_error']);
/** Waiting does not fill an account. */
const EXHAUSTED = /^(insufficient_quota|credit_balance_exhausted)$/;
const CONTEXT_TEXT =
  /prompt is too long|context[ _](length|window)|maximum context|max_model_len|exceeds? the (available )?context|reduce the length of (the|your) (messages|prompt|input)/i;

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
  const byRule = (RETRYABLE.has(code) || status === 409) && !isExhausted(problem);
  const retryAfter = hints.waitMs === undefined ? undefined : Math.ceil(hints.waitMs / 1000);
  const retryable = hints.shouldRetry ?? byRule;

  return new ProviderError(code, message, { retryable, providerStatus: status, retryAfter }, hints);
}

function codeOfStatus(status: number, problem: ProviderProblem, source: ErrorSource): ErrorCode {
  const known = BY_STATUS.get(status);
  if (known) return known;
  if (status >= 500) return isOverload(status, problem) ? 'provider_overloaded' : 'provider_unavailable';
  if (isContext(problem) || (status === 413 && source.provider === 'claude')) return 'context_too_long';
  if (status >= 400) return specificName(problem) ?? 'provider_bad_request';
  // A redirect, which is not followed: the address is wrong.
  return 'provider_not_found';
}

function codeOfPayload(problem: ProviderProblem, source: ErrorSource): ErrorCode {
  const named = specificName(problem);
  if (named) return named;
  if (isContext(problem)) return 'context_too_long';
  if (problem.status !== undefined && problem.status >= 400) return codeOfStatus(problem.status, problem, source);
  if (isOverload(503, problem)) return 'provider_overloaded';

  return BY_NAME.get(problem.type ?? '') ?? 'provider_unavailable';
}

function specificName({ code = '', type = '' }: ProviderProblem): ErrorCode | undefined {
  const name = [code, type].find((candidate) => BY_NAME.has(candidate) && !GENERAL.has(candidate));
  return BY_NAME.get(name ?? '');
}

function isContext({ code, message }: ProviderProblem): boolean {
  return code === 'context_length_exceeded' || CONTEXT_TEXT.test(message ?? '');
}

function isOverload(status: number, problem: ProviderProblem): boolean {
  if (specificName(problem) === 'provider_overloaded') return true;
  return status === 503 && /overload|at capacity/i.test(problem.message ?? '');
}

function isExhausted({ code, type }: ProviderProblem): boolean {
  return EXHAUSTED.test(code ?? '') || EXHAUSTED.test(type ?? '');
}

function adviceFor(status: number): string | undefined {
  if (status === 404) return 'check the base URL and the model id';
  if (status === 401 || status === 403) return 'check the API key';
  return undefined;
}

/** A bare host is asked at the usual path, which not every server has. */
function pathAdvice(status: number, problem: ProviderProblem, { host, addedPath }: ErrorSource): string | undefined {
  const isAboutModel = specificName(problem) !== undefined || /\bmodels?\b|deployment/i.test(problem.message ?? '');
  if (status !== 404 || addedPath === undefined || isAboutModel) return undefined;

  return `it was asked for ${addedPath}; if its calls are elsewhere, give the base URL with the whole path, such as https://${host}${addedPath.replace(/^\/v1/, '')}`;
}
