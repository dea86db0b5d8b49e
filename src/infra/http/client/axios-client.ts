/** The only place that creates axios instances, and converts their errors for users. */
import axios, { type AxiosInstance, type CreateAxiosDefaults, isAxiosError } from 'axios';
import type { ClientRequest } from 'node:http';
import { AppError, errorCode } from '../../../common/app-error.js';

/**
 * Returns an instance that resolves with every status. It follows no redirects, which would send credentials to another
 * host, and uses no proxy, which would bypass the egress rules of the agents.
 * @param options the agents, and other settings
 */
export function createAxios(options: CreateAxiosDefaults): AxiosInstance {
  return axios.create({ adapter: 'http', maxRedirects: 0, proxy: false, validateStatus: () => true, ...options });
}

/**
 * Returns the cause of an axios error. The errors of axios reference the request with its credentials, and must not be
 * thrown outside of this folder.
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

/** Converts an error that came before the reply. Neither message nor cause references the request with the API key. */
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

/** Returns the error for a wrong address. The text does not repeat the address, which may contain a key. */
export function invalidUrl(reason: string): AppError {
  return new AppError('provider_bad_request', `The model's base URL is not usable: ${reason}`);
}

/** Parses a URL. @throws AppError provider_bad_request */
export function parseUrl(text: string): URL {
  try {
    return new URL(text.trim());
  } catch {
    throw invalidUrl('it is not a URL');
  }
}

/** Returns the request that failed; null when none was made. */
export function requestOf(error: unknown): ClientRequest | null {
  return isAxiosError(error) ? ((error.request as ClientRequest | undefined) ?? null) : null;
}

/** Returns whether the server had closed a kept-alive socket before it was used again. */
export function isStaleSocket(error: unknown): boolean {
  return requestOf(error)?.reusedSocket === true && ['ECONNRESET', 'EPIPE'].includes(errorCode(error) ?? '');
}

/** Describes an error by its code. TLS failures have dozens (OpenSSL's verify results, `ERR_TLS_…`, `EPROTO`). */
function describe(code: string): string {
  const tls = /^(ERR_(TLS|SSL)|EPROTO|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|HOSTNAME_MISMATCH)/.test(code);
  if (tls) return `has no trustworthy TLS connection to offer (${code})`;
  return code ? `cannot be reached (${code})` : 'cannot be reached';
}
