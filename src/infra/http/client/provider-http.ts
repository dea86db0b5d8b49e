/** The one way out to providers: streams the reply of a request, and knows when its socket is closed. */
import { type ClientRequest, type IncomingHttpHeaders, type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { GuardedHttpAgent, GuardedHttpsAgent, whenClosed, type ConnectionRules } from './provider-http.agents.js';
import { decoded, readText } from './provider-http.body.js';
import { invalidUrl, isStaleSocket, parseUrl, toNetworkError } from './provider-http.errors.js';
import { replyTo } from './provider-http.reply.js';

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
  constructor(
    private readonly message: IncomingMessage,
    /** The message itself, or its decoded form when the server compressed in spite of `identity`. */
    readonly body: Readable,
    private readonly socket: Socket | null,
  ) {}

  get status(): number {
    return this.message.statusCode ?? 0;
  }

  get headers(): IncomingHttpHeaders {
    return this.message.headers;
  }

  /** The body's beginning, for an error message; the reply is finished with after it. */
  async readError(): Promise<string> {
    const { text, complete } = await readText(this.body, ERROR_BODY);
    if (!complete) await this.close();

    return text;
  }

  /** Lets the last bytes pass in the background, so that the socket can serve again; gives it up when they do not come. */
  release(): void {
    if (this.isRead()) return;
    const timer = setTimeout(() => this.destroy(), DRAIN_MS).unref();
    this.body.once('close', () => clearTimeout(timer));
    this.body.resume();
  }

  /** Settles when the socket is closed. A reply that was read completely has returned it to the pool: left alone. */
  async close(): Promise<void> {
    if (this.isRead()) return;
    this.destroy();
    await socketClosed(this.socket);
  }

  private isRead(): boolean {
    return this.message.complete && this.message.readableEnded;
  }

  private destroy(): void {
    this.body.destroy();
    this.message.destroy();
  }
}

/**
 * Over node:http itself: what a client library remembers of a request is held for as long as its answer streams. Follows
 * no redirect, which would carry the key to another place, and uses no proxy, which would make the connection in our
 * place, past the egress rules.
 */
export class ProviderHttp {
  private readonly http: GuardedHttpAgent;
  private readonly https: GuardedHttpsAgent;

  constructor(options: ProviderHttpOptions) {
    this.http = new GuardedHttpAgent(options);
    this.https = new GuardedHttpsAgent(options);
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
    return this.send(request, checkedUrl(request.url), signal, false);
  }

  /** Nest calls this when the application closes: idle sockets would keep the process alive. */
  onModuleDestroy(): void {
    this.http.destroy();
    this.https.destroy();
  }

  private async send(
    request: ProviderRequest,
    url: URL,
    signal: AbortSignal,
    isRepeated: boolean,
  ): Promise<ProviderResponse> {
    let outgoing: ClientRequest | null = null;
    try {
      signal.throwIfAborted();
      outgoing = this.open(request, url);
      const message = await replyTo(outgoing, request.body, signal);

      return new ProviderResponse(message, decoded(message), outgoing.socket);
    } catch (error) {
      await socketClosed(outgoing?.socket ?? null);
      signal.throwIfAborted();
      // The server closed an idle socket just when it was chosen: it has seen nothing of the request.
      const isUnseen = outgoing !== null && isStaleSocket(outgoing, error) && !(request.body instanceof Readable);
      if (isUnseen && !isRepeated) return this.send(request, url, signal, true);
      throw toNetworkError(error, url.host);
    }
  }

  private open({ method, headers }: ProviderRequest, url: URL): ClientRequest {
    const options = { method, headers: { ...HEADERS, ...headers } };

    return url.protocol === 'https:'
      ? httpsRequest(url, { ...options, agent: this.https })
      : httpRequest(url, { ...options, agent: this.http });
  }
}

function checkedUrl(given: string | URL): URL {
  const url = typeof given === 'string' ? parseUrl(given) : given;
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw invalidUrl('it begins with neither http nor https');
  if (url.username || url.password) throw invalidUrl('it holds a user name or password; send them as a header instead');

  return url;
}

async function socketClosed(socket: Socket | null): Promise<void> {
  // Not destroyed: it is back in the pool (nothing was sent on it, or its reply was read).
  if (!socket?.destroyed) return;
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, CLOSE_WAIT_MS);
  });
  await Promise.race([whenClosed(socket), deadline]);
  clearTimeout(timer);
}
