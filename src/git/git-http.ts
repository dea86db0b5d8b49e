import { Injectable } from '@nestjs/common';
import type { IncomingHttpHeaders } from 'node:http';
import type { TypedGitAccount } from '../auth/git-accounts/git-identities.js';
import { AppError, errorCode } from '../common/app-error.js';
import { parseJson } from '../common/text/json.js';
import { AppConfig } from '../config/app-config.js';
import { ProviderHttp, type ProviderResponse, readText } from '../infra/http/client/provider-http.js';
import { replyError } from './git-errors.js';

const CALL_TIMEOUT_MS = 10_000;
/** A page of 100 repositories of GitHub has some 700 KiB. */
const MAX_REPLY_BYTES = 4 * 1024 * 1024;

export interface GitCall {
  /** Origin and path prefix of the API, without a trailing slash. */
  base: string;
  path: string;
  query?: Readonly<Record<string, string | number>>;
  headers: Record<string, string>;
}

export interface GitReply {
  body: unknown;
  /** Whether another page follows. */
  hasMore: boolean;
}

/** Calls the APIs of git servers: within the egress rules, without redirects, with limits of time and size. */
@Injectable()
export class GitHttp {
  private readonly plain: ReadonlySet<string>;

  constructor(
    private readonly http: ProviderHttp,
    config: AppConfig,
  ) {
    this.plain = new Set(config.git.httpHosts.map((host) => host.toLowerCase()));
  }

  /** Returns the origin of a git server: HTTPS, unless `GIT_HTTP_HOSTS` lists its host. */
  originOf(domain: string): string {
    const host = domain.toLowerCase();
    const isPlain = this.plain.has(host) || this.plain.has(host.replace(/:\d+$/, ''));

    return `${isPlain ? 'http' : 'https'}://${host}`;
  }

  /** Reads JSON. @throws AppError `provider_…` saying what to do */
  async get(account: TypedGitAccount, call: GitCall, signal: AbortSignal): Promise<GitReply> {
    const { git_domain: domain } = account;
    const url = new URL(call.base + call.path);
    for (const [name, value] of Object.entries(call.query ?? {})) url.searchParams.set(name, String(value));
    const timeout = AbortSignal.timeout(CALL_TIMEOUT_MS);
    const either = AbortSignal.any([signal, timeout]);
    try {
      const response = await this.http.request({ method: 'GET', url, headers: call.headers }, either);

      return { body: await read(account, response), hasMore: hasMore(response.headers) };
    } catch (error) {
      if (isWithoutTls(error)) {
        const message = `${domain} speaks no TLS: its operator may list it in GIT_HTTP_HOSTS, or give it a certificate`;
        throw new AppError('provider_unavailable', message, { cause: error });
      }
      if (!either.aborted || error instanceof AppError) throw error;
      throw new AppError('provider_timeout', `${domain} did not answer in time`, { retryable: true });
    }
  }
}

function isWithoutTls(error: unknown): boolean {
  return error instanceof AppError && ['ERR_SSL_WRONG_VERSION_NUMBER', 'EPROTO'].includes(errorCode(error.cause) ?? '');
}

async function read(account: TypedGitAccount, response: ProviderResponse): Promise<unknown> {
  const { status, headers } = response;
  if (status < 200 || status > 299) {
    const text = await response.readError();
    throw replyError(account, { status, headers, text });
  }
  const { text, complete } = await readText(response.body, { maxBytes: MAX_REPLY_BYTES });
  const body = complete ? parseJson(text) : undefined;
  if (body !== undefined) return body;
  await response.close();
  const what = complete ? 'sends no JSON' : `sends more than ${MAX_REPLY_BYTES / 1024 / 1024} MiB, or breaks off`;
  throw new AppError('provider_protocol', `${account.git_domain} ${what} where the API of ${account.type} would be`);
}

/** Links have addresses that only the server knows; pages are asked for by number, so that the token goes nowhere else. */
function hasMore({ link, 'x-next-page': nextPage }: IncomingHttpHeaders): boolean {
  return /rel="?next"?/.test(String(link ?? '')) || String(nextPage ?? '') !== '';
}
