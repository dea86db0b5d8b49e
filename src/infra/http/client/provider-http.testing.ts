/** Small servers for the specs of ProviderHttp. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Server as TcpServer, Socket } from 'node:net';
import { join } from 'node:path';
import { EgressPolicy } from './egress.js';
import type { ConnectionRules } from './provider-http.agents.js';
import { ProviderHttp } from './provider-http.js';

export const KEY = 'sk-ant-very-secret';
export const headers = { 'x-api-key': KEY };
export const live = (): AbortSignal => new AbortController().signal;

export function makeHttp(options: Partial<ConnectionRules> = {}): ProviderHttp {
  const egress = new EgressPolicy({ allow: [], allowLoopback: true });
  return new ProviderHttp({ egress, connectTimeoutMs: 2000, ...options });
}

/** One server on a free port of 127.0.0.1, and the connections that it got. */
export class LocalServer {
  readonly sockets: Socket[] = [];
  private server: Server | TcpServer | undefined;

  serve(listener: RequestListener): Promise<string> {
    return this.listen(createHttpServer(listener));
  }

  /** With a certificate that it has signed itself. */
  async serveTls(listener: RequestListener): Promise<string> {
    const pem = (name: string) => readFileSync(join(process.cwd(), 'test/cases/bodies', `self-signed.${name}.pem`));
    const url = await this.listen(createHttpsServer({ key: pem('key'), cert: pem('cert') }, listener));

    return url.replace('http:', 'https:');
  }

  async listen(server: Server | TcpServer): Promise<string> {
    this.server = server;
    server.on('connection', (socket: Socket) => {
      this.sockets.push(socket);
      socket.on('error', () => undefined);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** Waits until the first client has hung up. */
  async firstClosed(): Promise<void> {
    const [socket] = this.sockets;
    if (socket && !socket.closed) await once(socket, 'close');
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    if (this.server?.listening) await new Promise((done) => this.server?.close(done));
  }
}
