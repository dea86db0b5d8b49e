import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ValidationReport } from '../../../src/common/contracts/image-validation.js';
import { eventually } from '../child.js';

/** A call that came, as it came. */
export interface DeskCall {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: unknown;
}

/** A stand-in for the API, where an executor manager reports. */
export class ReportDesk {
  readonly calls: DeskCall[] = [];
  /** Status and body of the next answers, in turn; 200 when there is none. */
  answers: { status: number; body?: object }[] = [];

  private constructor(private readonly server: Server) {}

  static async start(): Promise<ReportDesk> {
    const server = createServer();
    const desk = new ReportDesk(server);
    server.on('request', (request, reply) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
        desk.calls.push({ method: request.method ?? '', path: request.url ?? '', headers: request.headers, body });
        const { status, body: answer = { status: 'success', message: 'taken' } } = desk.answers.shift() ?? {
          status: 200,
        };
        reply.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

    return desk;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** The reports on a validation, in the order of their arrival. */
  reports(validationId: string): ValidationReport[] {
    const path = `/api/shells/validation-status/${validationId}`;

    return this.calls.filter((call) => call.path === path).map(({ body }) => body as ValidationReport);
  }

  /** The last report on a validation. */
  ended(validationId: string, timeoutMs?: number): Promise<ValidationReport> {
    const find = () => this.reports(validationId).find(({ status }) => status === 'completed');

    return eventually(`the end of ${validationId}`, find, timeoutMs);
  }

  /** The first report of a stage. */
  reached(validationId: string, stage: ValidationReport['status']): Promise<ValidationReport> {
    const find = () => this.reports(validationId).find(({ status }) => status === stage);

    return eventually(`${validationId} reaches ${stage}`, find);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
