/** Maps Dify's errors, by HTTP status or inside a stream, to errors with a stable code. */
import type { IncomingHttpHeaders } from 'node:http';
import { AppError, type ErrorCode, errorCode } from '../../common/app-error.js';
import type { DifyConnection } from '../../common/dify.js';
import {
  cleanMessage,
  ProviderError,
  readRetryHints,
  type RetryHints,
} from '../../infra/provider-stream/provider-error.js';
import { problemOf, type ProviderProblem, readProblem } from '../../infra/provider-stream/provider-problem.js';
import { asNumber, asObject } from '../../common/json.js';

/** The host that messages name, and the secrets that they must not repeat. */
export interface DifySource {
  host: string;
  secrets: readonly string[];
}

/** A failure with the code that Dify gave it. */
export class DifyError extends ProviderError {
  constructor(
    code: ErrorCode,
    message: string,
    readonly difyCode: string | undefined,
    options: ConstructorParameters<typeof AppError>[2],
    hints: RetryHints = {},
  ) {
    super(code, message, options ?? {}, hints);
  }
}

/** Codes of the service API's error bodies and `error` events; more telling than the status. */
const BY_CODE = new Map<string, ErrorCode>([
  ['unauthorized', 'provider_auth'],
  ['forbidden', 'dify_app_unavailable'],
  ['app_unavailable', 'dify_app_unavailable'],
  ['agent_not_published', 'dify_app_unavailable'],
  ['not_chat_app', 'dify_app_unavailable'],
  ['not_completion_app', 'dify_app_unavailable'],
  ['not_workflow_app', 'dify_app_unavailable'],
  ['provider_not_initialize', 'dify_app_unavailable'],
  ['model_currently_not_support', 'dify_app_unavailable'],
  ['provider_quota_exceeded', 'provider_rate_limited'],
  ['too_many_requests', 'provider_rate_limited'],
  ['rate_limit_error', 'provider_rate_limited'],
  ['invalid_param', 'dify_input_invalid'],
  ['file_too_large', 'payload_too_large'],
  ['unsupported_file_type', 'unsupported_media_type'],
  ['human_input_form_submitted', 'conflict'],
  ['human_input_form_expired', 'conflict'],
]);
const BY_STATUS = new Map<number, ErrorCode>([
  [401, 'provider_auth'],
  [403, 'dify_app_unavailable'],
  [404, 'provider_not_found'],
  [408, 'provider_timeout'],
  [429, 'provider_rate_limited'],
  [504, 'provider_timeout'],
]);
const RETRYABLE: ReadonlySet<ErrorCode> = new Set([
  'provider_rate_limited',
  'provider_unavailable',
  'provider_timeout',
]);
/** Says that the app is of another kind than the endpoint. */
const WRONG_MODE: ReadonlySet<string> = new Set([
  'not_chat_app',
  'not_completion_app',
  'not_workflow_app',
  'app_unavailable',
]);
/** `completion_request_error` stands for whatever the app's model said. */
const MODEL_SAYS: readonly (readonly [RegExp, ErrorCode])[] = [
  [/rate.?limit|too many requests|quota/i, 'provider_rate_limited'],
  [/context.?(length|window)|maximum context|too long/i, 'context_too_long'],
  [/overload|at capacity/i, 'provider_overloaded'],
];

/** The source of errors of a connection. */
export function sourceOf({ baseUrl, apiKey }: DifyConnection): DifySource {
  return { host: URL.canParse(baseUrl) ? new URL(baseUrl).host : 'Dify', secrets: [apiKey] };
}

/** Maps a reply whose status is not 2xx. */
export function errorFromReply(
  status: number,
  headers: IncomingHttpHeaders,
  body: string,
  source: DifySource,
): DifyError {
  const problem = readProblem(body);
  const hints = readRetryHints(headers, Date.now());
  const text = cleanMessage(problem.message, source.secrets) ?? adviceFor(status);
  const code = codeOf(problem, status);
  const retryAfter = hints.waitMs === undefined ? undefined : Math.ceil(hints.waitMs / 1000);
  const retryable = RETRYABLE.has(code) && problem.code !== 'provider_quota_exceeded';

  return new DifyError(
    code,
    `${source.host} answered HTTP ${status}${text ? `: ${text}` : ''}`,
    problem.code,
    { retryable, providerStatus: status, retryAfter },
    hints,
  );
}

/** Maps an `error` event. Not retried, because the run has been paid. */
export function errorFromEvent(data: unknown, source: DifySource): DifyError {
  const problem = problemOf(data);
  const status = asNumber(asObject(data)?.['status']);
  const text = cleanMessage(problem.message, source.secrets) ?? 'no reason given';
  const code = codeOf(problem, status ?? 500);
  const retryable = RETRYABLE.has(code) && problem.code !== 'provider_quota_exceeded';

  return new DifyError(code, `${source.host} failed: ${text}`, problem.code, { retryable, providerStatus: status });
}

/** The error for a reply that is not Dify's. */
export function protocolError(source: DifySource, what: string): AppError {
  return new AppError('provider_protocol', `${source.host} sent ${what}`);
}

/** Whether the app is of another kind than the endpoint. */
export function isWrongMode(error: unknown): boolean {
  return error instanceof DifyError && WRONG_MODE.has(error.difyCode ?? '');
}

/** Whether the app does not know the object, or not for this user. */
export function isUnknown(error: unknown): boolean {
  return error instanceof DifyError && error.providerStatus === 404;
}

/** Whether a conversation is unknown, deleted, another user's, or closed by its app. */
export function isLostConversation(error: unknown): boolean {
  return isUnknown(error) || (error instanceof DifyError && error.difyCode === 'conversation_completed');
}

/**
 * Whether Dify cannot have started a run for a request that failed so. Its API is not idempotent: any other request that
 * is repeated may be paid twice.
 */
export function isUnsent(error: unknown): boolean {
  if (error instanceof DifyError) return [429, 502, 503, 504].includes(error.providerStatus ?? 0);
  if (!(error instanceof AppError) || !error.retryable) return false;

  return !['ECONNRESET', 'EPIPE', 'ETIMEDOUT'].includes(errorCode(error.cause) ?? '');
}

function codeOf({ code, message }: ProviderProblem, status: number): ErrorCode {
  const known = BY_CODE.get(code ?? '');
  if (known) return known;
  if (code === 'completion_request_error') {
    return MODEL_SAYS.find(([says]) => says.test(message ?? ''))?.[1] ?? 'provider_unavailable';
  }
  if (status >= 500) return BY_STATUS.get(status) ?? 'provider_unavailable';

  return BY_STATUS.get(status) ?? (status >= 400 ? 'provider_bad_request' : 'provider_not_found');
}

function adviceFor(status: number): string | undefined {
  if (status >= 300 && status < 400) return 'it redirects; set DIFY_BASE_URL to the final address';
  if (status === 404) return 'no Dify API there; check DIFY_BASE_URL';
  if (status === 401) return 'check DIFY_API_KEY';

  return undefined;
}
