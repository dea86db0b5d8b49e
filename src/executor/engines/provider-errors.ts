import type { ErrorCode } from '../../common/app-error.js';

const BY_STATUS: Readonly<Record<number, ErrorCode>> = {
  400: 'provider_bad_request',
  401: 'provider_auth',
  402: 'provider_auth',
  403: 'provider_auth',
  404: 'provider_not_found',
  408: 'provider_timeout',
  413: 'context_too_long',
  429: 'provider_rate_limited',
  504: 'provider_timeout',
  529: 'provider_overloaded',
};
/** What stands in the text, where the status does not say it. */
const BY_WORDS: readonly (readonly [RegExp, ErrorCode])[] = [
  [/prompt is too long|context.?(?:window|length)|input is too long/i, 'context_too_long'],
  [/invalid api key|authentication|please run \/login|not logged in|credit balance/i, 'provider_auth'],
  [/overloaded/i, 'provider_overloaded'],
  [/rate limit/i, 'provider_rate_limited'],
  [/timed? ?out/i, 'provider_timeout'],
  [/connection error|unable to connect|ECONNREFUSED|ENOTFOUND|socket/i, 'provider_unavailable'],
];

/** The run error code of a provider's status, and of what it says; undefined when neither tells. */
export function providerErrorCode(status: number | undefined, text: string): ErrorCode | undefined {
  const byWords = BY_WORDS.find(([words]) => words.test(text))?.[1];
  if (byWords === 'context_too_long' || status === undefined) return byWords;

  return BY_STATUS[status] ?? (status >= 500 ? 'provider_unavailable' : (byWords ?? 'provider_bad_request'));
}
