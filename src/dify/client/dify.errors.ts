/** Maps Dify's errors, by HTTP status or inside a stream, to errors with a stable code. */
import type { IncomingHttpHeaders } from 'node:http';
import { AppError, type ErrorCode, errorCode } from '../../common/app-error.js';
import type { DifyConnection } from '../../common/contracts/dify.js';
import {
  cleanMessage,
  ProviderError,
  readRetryHints,
  type RetryHints,
} from '../../infra/provider-stream/provider-error.js';
import { problemOf, type ProviderProblem, readProblem } from '../../infra/provider-stream/provider-problem.js';
import { addressAdvice } from '../../infra/provider-stream/address-advice.js';
import { asNumber, asObject, asText, parseJson } from '../../common/text/json.js';
import { codeOfModel, innermostReason, isAboutInputs, speaksOfLostConversation } from './dify.reasons.js';

/** The host that messages name, and the secrets that they must not repeat. */
export interface DifySource {
  host: string;
  secrets: readonly string[];
}

/** What Dify gives as the reason of a failure. */
type DifyReason = Pick<ProviderProblem, 'code' | 'message'>;

/** A failure with the reason that Dify gave for it. */
export class DifyError extends ProviderError {
  constructor(
    code: ErrorCode,
    message: string,
    readonly reason: DifyReason,
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
/** Codes with which a conversation is said to be gone. */
const LOST_CODES: ReadonlySet<string> = new Set(['conversation_completed', 'conversation_not_exists']);
/** Failures that have nothing to do with the conversation. */
const OTHER_REASONS: ReadonlySet<ErrorCode> = new Set([
  'provider_auth',
  'provider_rate_limited',
  'provider_overloaded',
  'provider_blocked',
  'context_too_long',
  'payload_too_large',
  'unsupported_media_type',
]);

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
  const reason = reasonOf(problem, source);
  const text = [
    reason,
    addressAdvice(status, headers, { host: source.host, setting: 'DIFY_BASE_URL', body }) ??
      (reason ? '' : adviceFor(status)),
  ];
  const said = text.filter(Boolean).join('; ');
  const code = codeOf(problem, status, { ran: false, words: wordsOf(parseJson(body), problem) });
  const retryAfter = hints.waitMs === undefined ? undefined : Math.ceil(hints.waitMs / 1000);
  const retryable = RETRYABLE.has(code) && problem.code !== 'provider_quota_exceeded';

  return new DifyError(
    code,
    `${source.host} answered HTTP ${status}${said ? `: ${said}` : ''}`,
    problem,
    { retryable, providerStatus: status, retryAfter },
    hints,
  );
}

/** Maps an `error` event, or an error in place of an answer. Not retried, because the run has been paid. */
export function errorFromEvent(data: unknown, source: DifySource): DifyError {
  const problem = problemOf(data);
  const status = asNumber(Number(asObject(data)?.['status'] ?? NaN));
  const text = reasonOf(problem, source) ?? 'no reason given';
  const code = codeOf(problem, status ?? 500, { ran: true, words: wordsOf(data, problem) });
  const retryable = RETRYABLE.has(code) && problem.code !== 'provider_quota_exceeded';

  return new DifyError(code, `${source.host} failed: ${text}`, problem, { retryable, providerStatus: status });
}

/** The error of an app that goes on in another conversation than the one it was asked in. */
export function otherConversation({ host }: DifySource): DifyError {
  const message = `${host} went on in another conversation`;

  return new DifyError('provider_not_found', message, { code: 'conversation_not_exists', message }, {});
}

/** The error for a reply that is not Dify's. */
export function protocolError(source: DifySource, what: string): AppError {
  return new AppError('provider_protocol', `${source.host} sent ${what}`);
}

/** Whether the app is of another kind than the endpoint. */
export function isWrongMode(error: unknown): boolean {
  return error instanceof DifyError && WRONG_MODE.has(error.reason.code ?? '');
}

/** Whether the app does not know the object, or not for this user. */
export function isUnknown(error: unknown): boolean {
  return error instanceof DifyError && error.providerStatus === 404;
}

/** Whether a failure says that its conversation is unknown, deleted, another user's, or closed by its app. */
export function isLostConversation(error: unknown): boolean {
  if (!(error instanceof DifyError)) return false;
  const { code = '', message = '' } = error.reason;

  return LOST_CODES.has(code) || speaksOfLostConversation(message);
}

/** Whether a failure leaves open that its conversation is lost: only the app can tell then. */
export function mayMeanLostConversation(error: unknown): boolean {
  if (error instanceof DifyError) return !OTHER_REASONS.has(error.code) && !isUnsent(error);

  return error instanceof AppError && (error.code === 'provider_truncated' || error.code === 'provider_protocol');
}

/**
 * Whether Dify cannot have started a run for a request that failed so. Its API is not idempotent, and every other request
 * that is repeated may be paid twice.
 */
export function isUnsent(error: unknown): boolean {
  if (error instanceof DifyError) return [429, 502, 503, 504].includes(error.providerStatus ?? 0);
  if (!(error instanceof AppError) || !error.retryable) return false;

  return !['ECONNRESET', 'EPIPE', 'ETIMEDOUT'].includes(errorCode(error.cause) ?? '');
}

/** The innermost reason, safe to show; undefined when there is none. */
function reasonOf({ message }: ProviderProblem, { secrets }: DifySource): string | undefined {
  return message === undefined ? undefined : cleanMessage(innermostReason(message), secrets);
}

/** All that Dify says, with what wraps the innermost reason. */
function wordsOf(data: unknown, { message = '' }: ProviderProblem): string {
  return asText(asObject(data)?.['message']) ?? message;
}

/** How to read a code: whether the run had begun, whose failure is mostly that of its model; and all words. */
interface Circumstances {
  ran: boolean;
  words: string;
}

function codeOf({ code }: ProviderProblem, status: number, { ran, words }: Circumstances): ErrorCode {
  if (code === 'invalid_param' && !isAboutInputs(words, ran)) return codeOfModel(words);
  const known = BY_CODE.get(code ?? '');
  if (known) return known;
  if (code === 'completion_request_error') return codeOfModel(words);
  if (status >= 500) return BY_STATUS.get(status) ?? (ran ? codeOfModel(words) : 'provider_unavailable');

  return BY_STATUS.get(status) ?? (status >= 400 ? 'provider_bad_request' : 'provider_not_found');
}

/** What to do where no reason was given. */
function adviceFor(status: number): string | undefined {
  if (status === 404) return 'no Dify API there; check DIFY_BASE_URL';

  return status === 401 ? 'check DIFY_API_KEY' : undefined;
}
