/** Requests to providers: streams their replies, and reports when their sockets are closed. */
import type { AxiosInstance, AxiosResponse } from 'axios';
import { type ClientRequest, type IncomingHttpHeaders, validateHeaderName, validateHeaderValue } from 'node:http';
import { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { setTimeout as sleep } from 'node:timers/promises';
import { createAxios, invalidUrl, isStaleSocket, parseUrl, requestOf, toNetworkError } from './axios-client.js';
import { type ConnectionRules, GuardedHttpAgent, GuardedHttpsAgent, whenClosed } from './provider-http.agents.js';

export interface ProviderPost {
  url: string | URL;
  headers: Record<string, string>;
  body: unknown;
}

export interface ProviderRequest {
  method: 'GET' | 'POST';
  url: string | URL;
  headers: Record<string, string>;
  /** Sent as it is; a stream is read while it is sent, and so is never sent twice. */
  body?: string | Buffer | Readable;
}

/** A socket normally closes within a millisecond; a dead peer must not block a run. */
const CLOSE_WAIT_MS = 1000;
/** How long the end of a body may follow its last event before its socket is closed. */
const DRAIN_MS = 1000;
const HEADERS = { 'user-agent': 'conch', accept: '*/*', 'accept-encoding': 'identity' };
const ERROR_BODY = { maxBytes: 8192, timeoutMs: 2000 };

/** A reply with a streamed body. Callers end it by either {@link release} or {@link close}. */
export class ProviderResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Decompressed when the server ignores `identity`. A body that breaks off fails. */
  readonly body: Readable;
  private readonly request: ClientRequest;

  constructor({ status, headers, data, request }: AxiosResponse<Readable>) {
    this.status = status;
    this.headers = headers as IncomingHttpHeaders;
    // Without a listener, the error that an abort emits would end the process; readers only need the end.
    this.body = data.on('error', () => undefined);
    this.request = request as ClientRequest;
  }

  /** Reads the beginning of the body for an error message, and ends the reply. */
  async readError(): Promise<string> {
    const { text, complete } = await readText(this.body, ERROR_BODY);
    if (!complete) await this.close();

    return text;
  }

  /** Drains the last bytes in the background, so that the socket can be reused; closes it when they do not arrive. */
  release(): void {
    if (this.body.closed) return;
    const timer = setTimeout(() => this.request.destroy(), DRAIN_MS).unref();
    this.body.once('close', () => clearTimeout(timer));
    this.body.resume();
  }

  /** Closes the socket, and settles when it is closed. Does nothing when the socket is back in the pool. */
  async close(): Promise<void> {
    this.request.destroy();
    await socketClosed(this.request);
  }
}

/** Sends requests through axios, over agents that apply the egress rules. */
export class ProviderHttp {
  private readonly http: GuardedHttpAgent;
  private readonly https: GuardedHttpsAgent;
  private readonly client: AxiosInstance;

  constructor(options: ConnectionRules) {
    this.http = new GuardedHttpAgent(options);
    this.https = new GuardedHttpsAgent(options);
    this.client = createAxios({
      ...{ httpAgent: this.http, httpsAgent: this.https, responseType: 'stream' },
      // Bodies are ready to be sent: axios would parse JSON once more, to see whether it is.
      transformRequest: [],
    });
  }

  /**
   * Posts JSON and returns the reply, of any status, as soon as its headers have arrived. Throws an `AppError` when there
   * is none, and the signal's reason (after the socket is closed) when aborted.
   */
  post({ url, headers, body }: ProviderPost, signal: AbortSignal): Promise<ProviderResponse> {
    return this.request({ method: 'POST', url, headers, body: JSON.stringify(body) }, signal);
  }

  /** Like {@link post}, for any method and body. */
  async request(request: ProviderRequest, signal: AbortSignal): Promise<ProviderResponse> {
    const url = checkedUrl(request.url);
    const send = () => this.send(request, url, signal);
    try {
      return await send().catch((error: unknown) => {
        // The server closed an idle socket as it was chosen, and has not seen the request.
        if (isStaleSocket(error) && !signal.aborted && !(request.body instanceof Readable)) return send();
        throw error;
      });
    } catch (error) {
      const failed = requestOf(error);
      if (failed) await socketClosed(failed);
      signal.throwIfAborted();
      throw toNetworkError(error, url.host);
    }
  }

  /** Closes idle sockets, which would keep the process alive. */
  onModuleDestroy(): void {
    this.http.destroy();
    this.https.destroy();
  }

  private async send({ method, headers, body }: ProviderRequest, url: URL, signal: AbortSignal) {
    assertHeaders(headers);
    const response: AxiosResponse<Readable> = await this.client.request({
      ...{ method, url: url.href, data: body, signal },
      headers: { ...HEADERS, ...headers },
    });
    // axios would keep the request body in memory while the answer streams.
    delete response.config.data;

    return new ProviderResponse(response);
  }
}

/** Refuses a malformed header, as Node does. axios would remove the invalid characters, for instance from a key. */
function assertHeaders(headers: Record<string, string>): void {
  for (const [name, value] of Object.entries(headers)) {
    validateHeaderName(name);
    validateHeaderValue(name, value);
  }
}

function checkedUrl(given: string | URL): URL {
  const url = typeof given === 'string' ? parseUrl(given) : given;
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw invalidUrl('it begins with neither http nor https');
  if (url.username || url.password) throw invalidUrl('it holds a user name or password; send them as a header instead');

  return url;
}

async function socketClosed({ socket }: ClientRequest): Promise<void> {
  // Not destroyed: it is back in the pool (nothing was sent on it, or its reply was read).
  if (!socket?.destroyed) return;
  await Promise.race([whenClosed(socket), sleep(CLOSE_WAIT_MS, undefined, { ref: false })]);
}

interface BodyLimits {
  maxBytes: number;
  /** Unlimited when absent, until the body is destroyed. */
  timeoutMs?: number;
}

interface BodyText {
  text: string;
  /** False when it was longer or slower than allowed, or broke off. */
  complete: boolean;
}

/** Reads a short body as text. Never throws; the caller destroys a body that is incomplete. */
export function readText(body: Readable, limits: BodyLimits): Promise<BodyText> {
  const chunks: Buffer[] = [];
  let size = 0;

  return new Promise((resolve) => {
    const settle = (complete: boolean) => {
      clearTimeout(timer);
      body.off('data', onData).off('end', onEnd).off('close', onClose);
      body.pause();
      const bytes = Buffer.concat(chunks).subarray(0, limits.maxBytes);
      // The decoder keeps the bytes of a character that was cut.
      resolve({ text: complete ? bytes.toString('utf8') : new StringDecoder('utf8').write(bytes), complete });
    };
    const onData = (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size > limits.maxBytes) settle(false);
    };
    const onEnd = () => settle(true);
    const onClose = () => settle(body.readableEnded);
    const timer = limits.timeoutMs === undefined ? undefined : setTimeout(() => settle(false), limits.timeoutMs);
    body.on('data', onData).on('end', onEnd).on('close', onClose);
    // A body that is over already emits nothing any more.
    if (body.closed) onClose();
  });
}
