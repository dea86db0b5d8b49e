/** The one way out to providers: streams the reply of a request, and knows when its socket is closed. */
import { ClientRequest, IncomingMessage, type IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import axios, { isAxiosError, type AxiosInstance, type AxiosResponse } from 'axios';
import { GuardedHttpAgent, GuardedHttpsAgent, whenClosed, type ConnectionRules } from './provider-http.agents.js';
import { readText } from './provider-http.body.js';
import { invalidUrl, isStaleSocket, toNetworkError } from './provider-http.errors.js';

export type ProviderHttpOptions = ConnectionRules;

export interface ProviderPost {
  url: string;
  headers: Record<string, string>;
  body: unknown;
}

export interface ProviderRequest {
  method: 'GET' | 'POST';
  url: string;
  headers: Record<string, string>;
  /** Sent as it is; a stream is read while it is sent, and so is never sent twice. */
  body?: Buffer | Readable;
}

/** A socket that was told to close normally does so within a millisecond; a dead peer must not hold a run. */
const CLOSE_WAIT_MS = 1000;
/** How long the end of a body may follow its last event before its socket is given up. */
const DRAIN_MS = 1000;
const ERROR_BODY = { maxBytes: 8192, timeoutMs: 2000 };

/** A reply whose body streams. Exactly one of {@link release} and {@link close} ends the use of it. */
export class ProviderResponse {
  constructor(
    readonly status: number,
    readonly headers: IncomingHttpHeaders,
    /** The IncomingMessage itself, or its decoded form when the server compressed in spite of `identity`. */
    readonly body: Readable,
    private readonly message: IncomingMessage,
    private readonly socket: Socket | null,
  ) {}

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

export class ProviderHttp {
  private readonly client: AxiosInstance;
  private readonly agents: readonly [GuardedHttpAgent, GuardedHttpsAgent];

  constructor(options: ProviderHttpOptions) {
    this.agents = [new GuardedHttpAgent(options), new GuardedHttpsAgent(options)];
    this.client = axios.create({
      adapter: 'http',
      responseType: 'stream',
      // A redirect would carry the key to another place.
      maxRedirects: 0,
      // A proxy would make the connection in our place, past the egress rules.
      proxy: false,
      validateStatus: () => true,
      decompress: true,
      httpAgent: this.agents[0],
      httpsAgent: this.agents[1],
    });
  }

  /**
   * Posts JSON and gives the reply, whatever its status, as soon as its headers are there. Throws an `AppError` when
   * none comes, and the signal's reason (after the socket was closed) when aborted.
   */
  post({ url, headers, body }: ProviderPost, signal: AbortSignal): Promise<ProviderResponse> {
    return this.request({ method: 'POST', url, headers, body: Buffer.from(JSON.stringify(body), 'utf8') }, signal);
  }

  /** The same for any method and body. */
  async request(request: ProviderRequest, signal: AbortSignal): Promise<ProviderResponse> {
    const url = checkedUrl(request.url);
    const send = () => this.send({ ...request, url: url.href }, signal);
    try {
      return await send().catch((error: unknown) => {
        // The server closed an idle socket just when it was chosen: it has seen nothing of the request.
        if (isStaleSocket(error) && !signal.aborted && !(request.body instanceof Readable)) return send();
        throw error;
      });
    } catch (error) {
      await socketClosed(socketOf(isAxiosError(error) ? error.request : null));
      signal.throwIfAborted();
      throw toNetworkError(error, url.host);
    }
  }

  /** Nest calls this when the application closes: idle sockets would keep the process alive. */
  onModuleDestroy(): void {
    for (const agent of this.agents) agent.destroy();
  }

  private async send({ method, url, headers, body }: ProviderRequest, signal: AbortSignal) {
    const response: AxiosResponse<Readable> = await this.client.request({
      method,
      url,
      data: body,
      signal,
      headers: { 'user-agent': 'conch', 'accept-encoding': 'identity', ...headers },
    });
    // axios emits the abort on the body as an error, at a time of its choosing: unheard, it would end the process.
    response.data.on('error', () => undefined);
    const request: unknown = response.request;
    const message = messageOf(request) ?? (response.data as IncomingMessage);

    return new ProviderResponse(response.status, message.headers, response.data, message, socketOf(request));
  }
}

function checkedUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url) throw invalidUrl('it is not a URL');
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw invalidUrl('it begins with neither http nor https');
  if (url.username || url.password) throw invalidUrl('it holds a user name or password; send them as a header instead');

  return url;
}

function messageOf(request: unknown): IncomingMessage | null {
  const message: unknown = request instanceof ClientRequest && 'res' in request ? request.res : null;
  return message instanceof IncomingMessage ? message : null;
}

function socketOf(request: unknown): Socket | null {
  return request instanceof ClientRequest ? request.socket : null;
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
