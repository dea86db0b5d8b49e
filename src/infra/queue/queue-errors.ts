const CODES = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN']);
const MESSAGES = /Connection is closed|isn't writeable|Socket timeout|LOADING|could not renew lock|Missing lock/;

/**
 * Whether an error only says that Redis was away. The connections report that once; queues and workers would repeat
 * it at every attempt. (A lock that was lost meanwhile is dealt with when its job comes back.)
 */
export function isOutage(error: Error): boolean {
  return CODES.has((error as NodeJS.ErrnoException).code ?? '') || MESSAGES.test(error.message);
}
