/** The provider of one case, on a port of its own. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { CASES_DIR, many, type CaseTurn, type ProviderCase, type Served } from './case.js';
import { sendReply } from './reply.js';

export interface SeenRequest {
  method: string;
  url: string;
  path: string;
  headers: IncomingMessage['headers'];
  body: string;
}

const NOT_A_QUESTION = /\/(stop|feedbacks|upload)$/;

/** Serves the bytes of a case, and remembers what it was asked. */
export class CaseProvider {
  connections = 0;
  private readonly requests: SeenRequest[] = [];
  private readonly sockets = new Set<Socket>();
  private readonly server: Server;
  private served: readonly Served[] = [];

  private constructor(private readonly kase: ProviderCase) {
    const listener = (request: IncomingMessage) => void this.onRequest(request).catch(() => request.socket.destroy());
    const { tls } = kase;
    this.server = tls
      ? createHttpsServer({ key: read(tls.key), cert: read(tls.cert) }, listener)
      : createHttpServer(listener);
    this.server.on('connection', (socket: Socket) => {
      this.connections += 1;
      this.sockets.add(socket);
      socket.on('error', () => undefined);
    });
    this.server.on('tlsClientError', () => undefined);
  }

  static async start(kase: ProviderCase): Promise<CaseProvider> {
    const provider = new CaseProvider(kase);
    provider.server.listen(0, '127.0.0.1');
    await once(provider.server, 'listening');

    return provider;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `${this.kase.tls ? 'https' : 'http'}://127.0.0.1:${this.port}`;
  }

  /** Requests for an answer; what is asked besides (facts of an app, stops) is none. */
  get questions(): SeenRequest[] {
    return this.requests.filter(isQuestion);
  }

  /** What the next turn is answered with. */
  serve({ serve }: Partial<CaseTurn>): void {
    this.served = many(serve);
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  private async onRequest(request: IncomingMessage): Promise<void> {
    const { method = '', url = '', headers } = request;
    const seen = { method, url, headers, path: url.replace(/\?.*/, ''), body: await text(request) };
    this.requests.push(seen);
    await sendReply(request.socket, this.replyTo(seen));
  }

  private replyTo(request: SeenRequest): Served {
    const route = this.kase.routes?.[`${request.method} ${request.path}`];
    if (route) return route;
    if (this.kase.provider === 'dify' && !isQuestion(request)) return factOf(this.kase.app ?? '', request);

    return (
      this.served.find((each) => fits(each, request)) ?? json(404, { error: { message: 'Nothing is served here' } })
    );
  }
}

function isQuestion({ method, path }: SeenRequest): boolean {
  return method === 'POST' && !NOT_A_QUESTION.test(path);
}

function fits({ when = {} }: Served, { body, url, headers }: SeenRequest): boolean {
  const parts: Record<string, string> = { body, url, headers: JSON.stringify(headers) };

  return Object.entries(when).every(([name, pattern]) => {
    const isAbsent = name.startsWith('not_');

    return new RegExp(pattern, 'i').test(parts[name.replace(/^not_/, '')] ?? '') !== isAbsent;
  });
}

/** What every Dify app says about itself. It knows no conversation. */
function factOf(mode: string, { method, path }: SeenRequest): Served {
  if (method === 'POST') return json(200, { result: 'success' });
  if (path === '/v1/info') return json(200, { name: 'App', description: '', tags: [], mode, author_name: 'Ann' });
  if (path === '/v1/parameters') {
    const off = { enabled: false };
    return json(200, {
      user_input_form: [],
      file_upload: off,
      suggested_questions_after_answer: off,
      system_parameters: {},
    });
  }
  const message = path === '/v1/messages' ? 'Conversation Not Exists.' : 'Not found';

  return json(404, { code: 'not_found', message, status: 404 });
}

function json(status: number, body: object): Served {
  return { status, headers: { 'content-type': 'application/json' }, data: JSON.stringify(body) };
}

function read(file: string): Buffer {
  return readFileSync(join(CASES_DIR, file));
}
