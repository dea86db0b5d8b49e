/** The one place that makes axios instances, and that strips their errors of the request. */
import axios, { type AxiosInstance, type CreateAxiosDefaults, isAxiosError } from 'axios';
import type { ClientRequest } from 'node:http';
import { AppError } from '../../../common/app-error.js';
import { errorCode } from '../../../common/error-code.js';

/**
 * Returns an instance to which every status is a reply. It follows no redirect, which would carry the credentials to
 * another place, and uses no proxy, which would connect in place of the agents, past their egress rules.
 * @param options the agents, and what else differs
 */
export function createAxios(options: CreateAxiosDefaults): AxiosInstance {
  return axios.create({ adapter: 'http', maxRedirects: 0, proxy: false, validateStatus: () => true, ...options });
}

/**
 * Returns the error under one of axios, whose own errors hold the request: its headers with the credentials, its body,
 * its socket. Nothing else may leave this folder.
 */
export function withoutRequest(error: unknown): unknown {
  return isAxiosError(error) ? (error.cause ?? new Error(error.message)) : error;
}

const UNAVAILABLE: Record<string, string> = {
  ENOTFOUND: 'does not resolve',
  EAI_AGAIN: 'does not resolve at the moment',
  ECONNREFUSED: 'refused the connection',
  ECONNRESET: 'closed the connection before it answered',
  EPIPE: 'closed the connection before it answered',
  EHOSTUNREACH: 'is not reachable',
  ENETUNREACH: 'is not reachable',
};

/** What went wrong before a reply came. Neither the message nor the cause carries the request, and so the API key. */
export function toNetworkError(error: unknown, host: string): AppError {
  const cause = withoutRequest(error);
  if (cause instanceof AppError) return cause;
  const code = errorCode(cause) ?? '';
  if (code === 'ETIMEDOUT') {
    return new AppError('provider_timeout', `${host} did not answer in time`, { cause, retryable: true });
  }
  if (/^ERR_(HTTP_)?INVALID_(CHAR|HTTP_TOKEN|HEADER_VALUE)/.test(code)) {
    return new AppError('provider_bad_request', 'A header of this model has a name or value that HTTP does not allow', {
      cause,
    });
  }
  const what = UNAVAILABLE[code] ?? describe(code);

  return new AppError('provider_unavailable', `${host} ${what}`, { cause, retryable: true });
}

/** The address is wrong for good: a retry cannot help. The text never repeats the address, which may hold a key. */
export function invalidUrl(reason: string): AppError {
  return new AppError('provider_bad_request', `The model's base URL is not usable: ${reason}`);
}

/** @throws AppError provider_bad_request */
export function parseUrl(text: string): URL {
  try {
    return new URL(text.trim());
  } catch {
    throw invalidUrl('it is not a URL');
  }
}

/** The request that failed; null when it was never made. */
export function requestOf(error: unknown): ClientRequest | null {
  return isAxiosError(error) ? ((error.request as ClientRequest | undefined) ?? null) : null;
}

/** Whether a kept-alive socket turned out to be closed by its server when it was used again. */
export function isStaleSocket(error: unknown): boolean {
  return requestOf(error)?.reusedSocket === true && ['ECONNRESET', 'EPIPE'].includes(errorCode(error) ?? '');
}

/** TLS failures have codes by the dozen (OpenSSL's verify results, `ERR_TLS_…`, `EPROTO`), and name no secrets. */
function describe(code: string): string {
  const tls = /^(ERR_(TLS|SSL)|EPROTO|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|HOSTNAME_MISMATCH)/.test(code);
  if (tls) return `has no trustworthy TLS connection to offer (${code})`;
  return code ? `cannot be reached (${code})` : 'cannot be reached';
}
