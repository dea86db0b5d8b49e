import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { WebhookPayload } from '../../src/webhooks/webhooks.service.js';

/** A message as it came. */
export interface Delivery {
  headers: IncomingHttpHeaders;
  /** The body's bytes as text. */
  raw: string;
  payload: WebhookPayload;
}

/** A receiver of webhooks. */
export class Receiver {
  readonly deliveries: Delivery[] = [];
  /** Statuses of the next answers, in turn; 200 when there is none. */
  statuses: number[] = [];

  private constructor(private readonly server: Server) {}

  static async start(): Promise<Receiver> {
    const server = createServer();
    const receiver = new Receiver(server);
    server.on('request', (request, reply) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const raw = Buffer.concat(chunks).toString('utf8');
        receiver.deliveries.push({ headers: request.headers, raw, payload: JSON.parse(raw) as WebhookPayload });
        const status = receiver.statuses.shift() ?? 200;
        reply.writeHead(status, status === 302 ? { location: `${receiver.url}/elsewhere` } : {}).end('received');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** What came about one task. */
  of(taskId: number): Delivery[] {
    return this.deliveries.filter(({ payload }) => payload.task.id === taskId);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
