/** The one way out to providers: streams the reply of a request, and knows when its socket is closed. */
import type { AxiosInstance, AxiosResponse } from 'axios';
import { type ClientRequest, type IncomingHttpHeaders, validateHeaderName, validateHeaderValue } from 'node:http';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { createAxios, invalidUrl, isStaleSocket, parseUrl, requestOf, toNetworkError } from './axios-client.js';
import { type ConnectionRules, GuardedHttpAgent, GuardedHttpsAgent, whenClosed } from './provider-http.agents.js';

export type ProviderHttpOptions = ConnectionRules;

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

/** A socket that was told to close normally does so within a millisecond; a dead peer must not hold a run. */
const CLOSE_WAIT_MS = 1000;
/** How long the end of a body may follow its last event before its socket is given up. */
const DRAIN_MS = 1000;
const HEADERS = { 'user-agent': 'conch', accept: '*/*', 'accept-encoding': 'identity' };
const ERROR_BODY = { maxBytes: 8192, timeoutMs: 2000 };

/** A reply whose body streams. Exactly one of {@link release} and {@link close} ends the use of it. */
export class ProviderResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Decoded when the server compressed in spite of `identity`. Where it breaks off, it fails and is closed. */
  readonly body: Readable;
  private readonly request: ClientRequest;

  constructor({ status, headers, data, request }: AxiosResponse<Readable>) {
    this.status = status;
    this.headers = headers as IncomingHttpHeaders;
    // Its end says enough; and without a listener, the error that an abort emits would end the process.
    this.body = data.on('error', () => undefined);
    this.request = request as ClientRequest;
  }

  /** The body's beginning, for an error message; the reply is finished with after it. */
  async readError(): Promise<string> {
    const { text, complete } = await readText(this.body, ERROR_BODY);
    if (!complete) await this.close();

    return text;
  }

  /** Lets the last bytes pass in the background, so that the socket can serve again; gives it up when they do not come. */
  release(): void {
    if (this.body.closed) return;
    const timer = setTimeout(() => this.request.destroy(), DRAIN_MS).unref();
    this.body.once('close', () => clearTimeout(timer));
    this.body.resume();
  }

  /** Settles when the socket is closed. A reply that was read completely has returned it to the pool: left alone. */
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

  constructor(options: ProviderHttpOptions) {
    this.http = new GuardedHttpAgent(options);
    this.https = new GuardedHttpsAgent(options);
    this.client = createAxios({
      ...{ httpAgent: this.http, httpsAgent: this.https, responseType: 'stream' },
      // Bodies are ready to be sent: axios would parse JSON once more, to see whether it is.
      transformRequest: [],
    });
  }

  /**
   * Posts JSON and gives the reply, whatever its status, as soon as its headers are there. Throws an `AppError` when
   * none comes, and the signal's reason (after the socket was closed) when aborted.
   */
  post({ url, headers, body }: ProviderPost, signal: AbortSignal): Promise<ProviderResponse> {
    return this.request({ method: 'POST', url, headers, body: JSON.stringify(body) }, signal);
  }

  /** The same for any method and body. */
  async request(request: ProviderRequest, signal: AbortSignal): Promise<ProviderResponse> {
    const url = checkedUrl(request.url);
    const send = () => this.send(request, url, signal);
    try {
      return await send().catch((error: unknown) => {
        // The server closed an idle socket just when it was chosen: it has seen nothing of the request.
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

  /** Nest calls this when the application closes: idle sockets would keep the process alive. */
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
    // It was sent; axios would remember it for as long as the answer streams.
    delete response.config.data;

    return new ProviderResponse(response);
  }
}

/** Has a wrong header refused, as Node does. axios would cut out what HTTP does not allow, a part of a key for instance. */
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

export interface BodyLimits {
  maxBytes: number;
  /** No limit when absent: then whoever destroys the body ends the wait. */
  timeoutMs?: number;
}

export interface BodyText {
  text: string;
  /** False when it was longer or slower than allowed, or broke off. */
  complete: boolean;
}

/** Never throws: what arrived is what there is to show. Leaves an incomplete body unread; the caller destroys it. */
export function readText(body: Readable, limits: BodyLimits): Promise<BodyText> {
  const chunks: Buffer[] = [];
  let size = 0;

  return new Promise((resolve) => {
    const settle = (complete: boolean) => {
      clearTimeout(timer);
      body.off('data', onData).off('end', onEnd).off('close', onClose);
      body.pause();
      const bytes = Buffer.concat(chunks).subarray(0, limits.maxBytes);
      resolve({ text: bytes.toString('utf8'), complete });
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
