/**
 * Every stable error code, with its HTTP status and what a caller can do about it.
 *
 * Codes of requests come as JSON replies; codes of runs (from `provider_auth` on) come as `error` events of a
 * stream, and as HTTP errors with the same status when they are found before the first SSE byte.
 */
export const ERROR_STATUS = {
  bad_request: 400,
  validation_failed: 422,
  /** Log in again. */
  unauthorized: 401,
  forbidden: 403,
  /** Also for objects of other users, whose existence is not revealed. */
  not_found: 404,
  /** No answer was started for this task: POST first. */
  stream_not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  /** An answer of this task is running: attach by GET. */
  task_busy: 409,
  idempotency_key_reused: 409,
  /** The task has ended for good: it cannot be cancelled or continued. */
  task_final: 400,
  /** The task is too old for another turn: create a new one. */
  task_expired: 400,
  /** An executor's subtask has ended without it: stop working on it. */
  subtask_final: 409,
  /** The executor was silent for too long, and its subtask goes to others: stop working on it. */
  lease_lost: 409,
  /** Events of an executor are missing before the ones that it sent: `last` in the reply has the newest one that is stored. */
  events_gap: 409,
  /** A link that is forged, has expired or was ended. Not 401: no log-in helps. */
  link_not_valid: 404,
  direct_chat_not_supported: 400,
  /** The image of a bot's shell has not passed its validation (yet); the message has the reason. */
  shell_not_available: 409,
  prompt_too_long: 413,
  /** The user's tasks store too much: delete some. */
  storage_quota_exceeded: 413,
  payload_too_large: 413,
  unsupported_media_type: 415,
  /** The waiting room is full: retry after the time in Retry-After. */
  too_many_chats: 429,
  too_many_running_tasks: 429,
  too_many_logins: 429,
  /** Retry after the time in Retry-After. */
  too_many_requests: 429,
  too_many_new_tasks: 429,
  /** So many tests of servers of one user run: wait for the end of one. */
  too_many_probes: 429,
  /** So many prompts of a task are queued: wait until one has begun, or delete one. */
  too_many_follow_ups: 429,
  /** So many event streams of one user are open: close one. */
  too_many_streams: 429,
  /** So many validations of images of one user run: wait for the end of one. */
  too_many_validations: 429,
  /** A part (named in the message) is down: retry. */
  service_unavailable: 503,
  internal: 500,

  provider_auth: 502,
  provider_not_found: 502,
  provider_bad_request: 502,
  context_too_long: 400,
  provider_rate_limited: 502,
  provider_overloaded: 502,
  provider_unavailable: 502,
  provider_timeout: 504,
  provider_idle_timeout: 504,
  provider_truncated: 502,
  provider_protocol: 502,
  /** The address is not reachable by the egress rules: see EGRESS_ALLOW. */
  provider_blocked: 400,
  model_not_configured: 400,
  /** The Dify app is switched off, unpublished, of another kind, or its address is no Dify. */
  dify_app_unavailable: 502,
  /** The app rejects these inputs: the message names the field. */
  dify_input_invalid: 400,
  worker_lost: 500,
  /** Every executor that fetched the subtask has gone silent. */
  executor_lost: 500,
  /** The executor has ended by itself; the message says why, e.g. for lack of memory. */
  executor_failed: 500,
  /** The image of the executor is missing, or cannot run executors; the message says what to change. */
  executor_image_unusable: 400,
} as const;

export type ErrorCode = keyof typeof ERROR_STATUS;

/** Codes that `error` events may have: those from `provider_auth` on, and what may happen to any answer. */
export function isRunErrorCode(code: string): code is ErrorCode {
  const codes = Object.keys(ERROR_STATUS);

  return codes.indexOf(code) >= codes.indexOf('provider_auth') || code === 'internal' || code === 'service_unavailable';
}

/** Codes of runs that may succeed when they are tried again. */
export const RETRYABLE_RUN_ERRORS: ReadonlySet<string> = new Set<ErrorCode>([
  ...(['provider_rate_limited', 'provider_overloaded', 'provider_unavailable', 'provider_timeout'] as const),
  ...(['provider_idle_timeout', 'provider_truncated', 'worker_lost', 'executor_lost', 'service_unavailable'] as const),
]);

export interface FieldProblem {
  field: string;
  message: string;
}

export interface AppErrorOptions {
  cause?: unknown;
  /** Whether the same request may succeed later. */
  retryable?: boolean;
  /** HTTP status that the provider answered with. */
  providerStatus?: number;
  /** Seconds, for the Retry-After header. */
  retryAfter?: number;
  errors?: FieldProblem[];
  /** With `events_gap`: number of the newest event that is stored. */
  last?: number;
}

/** The one error that is meant for clients: its message is safe to show and never holds a secret. */
export class AppError extends Error {
  readonly status: number;
  readonly retryable: boolean;
  readonly providerStatus: number | undefined;
  readonly retryAfter: number | undefined;
  readonly errors: FieldProblem[] | undefined;
  readonly last: number | undefined;

  constructor(
    readonly code: ErrorCode,
    message: string,
    options: AppErrorOptions = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'AppError';
    this.status = ERROR_STATUS[code];
    this.retryable = options.retryable ?? false;
    this.providerStatus = options.providerStatus;
    this.retryAfter = options.retryAfter;
    this.errors = options.errors;
    this.last = options.last;
  }
}

/** The error for an object that does not exist or belongs to another user. */
export const notFound = (what: string) => new AppError('not_found', `${what} not found`);

/** Returns what was looked up. @throws AppError not_found when there is none */
export function found<T>(value: T | null | undefined, what: string): T {
  if (value === null || value === undefined) throw notFound(what);

  return value;
}

/** The `code` of a thrown value, e.g. `ENOENT` or an SQLSTATE; undefined when it has none. */
export function errorCode(error: unknown): string | undefined {
  // Not instanceof Error: errors of another realm (a worker, a test runner) are none.
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;

  return typeof error.code === 'string' ? error.code : undefined;
}
