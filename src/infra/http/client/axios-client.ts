/** The only place that creates axios instances, and converts their errors for users. */
import axios, { type AxiosInstance, type CreateAxiosDefaults, isAxiosError } from 'axios';
import type { ClientRequest } from 'node:http';
import { AppError, errorCode } from '../../../common/app-error.js';
import { asObject, asText } from '../../../common/text/json.js';

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
  const advice = certificateProblem(code) ?? protocolProblem(code, cause);
  if (advice !== undefined) return new AppError('provider_unavailable', `${host} ${advice}`, { cause });
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

const TRUST = 'start Conch with NODE_EXTRA_CA_CERTS=/path/to/ca.pem';
const SELF_SIGNED = `has a certificate that it or an authority of its own has signed; to trust it, ${TRUST}`;
const UNKNOWN_AUTHORITY = `has a certificate of an unknown authority: ${TRUST}, or let the server send its whole chain`;
const NOT_TODAY = 'has a certificate that is not valid today: it is to be renewed, or the clock here is wrong';
const OTHER_NAME = 'has a certificate for another name: put a name of the certificate into the base URL';
/** What is wrong with a certificate (OpenSSL's verify results, as Node names them), and what to do. */
const CERTIFICATES = new Map([
  ['DEPTH_ZERO_SELF_SIGNED_CERT', SELF_SIGNED],
  ['SELF_SIGNED_CERT_IN_CHAIN', SELF_SIGNED],
  ['UNABLE_TO_GET_ISSUER_CERT', UNKNOWN_AUTHORITY],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', UNKNOWN_AUTHORITY],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', UNKNOWN_AUTHORITY],
  ['CERT_HAS_EXPIRED', NOT_TODAY],
  ['CERT_NOT_YET_VALID', NOT_TODAY],
  ['ERR_TLS_CERT_ALTNAME_INVALID', OTHER_NAME],
]);

function certificateProblem(code: string): string | undefined {
  const known =
    CERTIFICATES.get(code) ?? (code.startsWith('CERT_') ? 'has a certificate that cannot be trusted' : null);

  return known === null ? undefined : `${known} (${code})`;
}

/** HTTP where HTTPS is spoken, or the other way round. */
function protocolProblem(code: string, cause: unknown): string | undefined {
  const text = asText(asObject(cause)?.['message']) ?? '';
  if (
    code === 'ERR_SSL_WRONG_VERSION_NUMBER' ||
    (code === 'EPROTO' && /wrong version number|packet length/i.test(text))
  ) {
    return `speaks no TLS there (${code}): use http:// in the base URL, or the port for https`;
  }
  // Bytes of a TLS alert, where a status line should be.
  return code === 'HPE_INVALID_CONSTANT'
    ? `sends no HTTP there (${code}): use https:// in the base URL, or another port`
    : undefined;
}

/** Describes an error by its code. TLS failures have dozens (OpenSSL's verify results, `ERR_TLS_…`, `EPROTO`). */
function describe(code: string): string {
  const tls = /^(ERR_(TLS|SSL)|EPROTO|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|HOSTNAME_MISMATCH)/.test(code);
  if (tls) return `has no trustworthy TLS connection to offer (${code})`;
  return code ? `cannot be reached (${code})` : 'cannot be reached';
}
