/** What failed replies of git servers mean, in words for users. */
import type { IncomingHttpHeaders } from 'node:http';
import type { TypedGitAccount } from '../auth/git-accounts/git-identities.js';
import { AppError, type AppErrorOptions, type ErrorCode } from '../common/app-error.js';
import { asText, parseObject } from '../common/text/json.js';
import { firstPart } from '../common/text/text-cut.js';

export interface FailedReply {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

const MAX_REASON = 200;
const MAX_WAIT_SECONDS = 3_600;
/** What a token must be allowed to do. */
const PERMISSIONS: Record<TypedGitAccount['type'], string> = {
  github: 'the scope "repo" (classic), or read access to contents and metadata (fine-grained)',
  gitlab: 'the scopes "read_user" and "read_api", or "api"',
  gitea: 'the permissions read:user and read:repository',
};

/** Returns the error for a reply that is not 2xx. @param now milliseconds since the epoch */
export function replyError(account: TypedGitAccount, reply: FailedReply, now = Date.now()): AppError {
  const { git_domain: domain, type } = account;
  const { status, headers } = reply;
  const fail = (code: ErrorCode, message: string, options: AppErrorOptions = {}) =>
    new AppError(code, `${domain} ${message}${reasonOf(reply, account.git_token)}`, {
      ...options,
      providerStatus: status,
    });
  if (isRateLimited(reply)) {
    const retryAfter = waitOf(headers, now);

    return fail('provider_rate_limited', 'accepts no more requests of this token for now: try again later', {
      ...{ retryAfter, retryable: true },
    });
  }
  if (status === 401)
    return fail('provider_auth', 'does not accept the token: it is wrong, expired or revoked; save a new one');
  if (status === 403) return fail('provider_auth', `does not allow this with the token: it needs ${PERMISSIONS[type]}`);
  if (status === 404) return fail('provider_not_found', `has nothing there that the token may read, or is no ${type}`);
  if (status >= 300 && status < 400) {
    return fail(
      'provider_protocol',
      'redirects to another address: use the name under which the server answers itself',
    );
  }
  if (status >= 500)
    return fail('provider_unavailable', `has failed (HTTP ${status}): try again later`, { retryable: true });

  return fail('provider_bad_request', `refuses the request (HTTP ${status})`);
}

/** GitHub limits with 403 or 429 and one of these headers. */
function isRateLimited({ status, headers }: FailedReply): boolean {
  if (status === 429) return true;

  return status === 403 && (headers['retry-after'] !== undefined || headers['x-ratelimit-remaining'] === '0');
}

/** Seconds; GitHub says the time of the reset as Unix seconds, GitLab as well, under another name. */
function waitOf(headers: IncomingHttpHeaders, now: number): number {
  const after = Number(headers['retry-after'] ?? NaN);
  const reset = Number(headers['x-ratelimit-reset'] ?? headers['ratelimit-reset'] ?? NaN) - now / 1000;
  const seconds = Number.isFinite(after) ? after : reset;

  return Number.isFinite(seconds) ? Math.min(Math.max(Math.ceil(seconds), 1), MAX_WAIT_SECONDS) : 60;
}

/** What the server itself says. A server that repeats the token must not bring it into a message. */
function reasonOf({ text }: FailedReply, token: string): string {
  const body = parseObject(text);
  const reason = asText(body?.['message']) ?? asText(body?.['error_description']) ?? asText(body?.['error']);

  return reason === undefined || reason.includes(token) ? '' : ` (it says: ${firstPart(reason, MAX_REASON)})`;
}
