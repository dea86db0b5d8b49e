import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventually } from '../child.js';

/** An event as an executor sends it. */
export interface DeskEvent {
  type: string;
  content?: string;
  step_id?: string;
  [field: string]: unknown;
}

/** A report as an executor sends it. */
export interface DeskReport {
  subtask_id: number;
  status: string;
  executor_name: string;
  progress: number;
  seq: number;
  event_id: string;
  result?: { value: string; [field: string]: unknown };
  error_message?: string;
  error_code?: string;
}

interface EventsCall {
  executor_name: string;
  first: number;
  events: DeskEvent[];
}

const ENDED = ['COMPLETED', 'FAILED', 'CANCELLED'];
const TOKEN = 'the-token-of-the-subtask';

/** A stand-in for the API, to which executors report; it can be away, forget and refuse. */
export class ExecutorDesk {
  /** By number, from 1. */
  events: DeskEvent[] = [];
  readonly reports: DeskReport[] = [];
  /** Calls for events, the empty ones among them. */
  eventCalls = 0;
  cancelling = false;
  /** Connections are cut, as long as this is set. */
  isAway = false;
  /** Answers to the next calls for events, in place of the usual ones. */
  eventAnswers: { status: number; body: object }[] = [];
  /** Answers to the next reports. */
  reportAnswers: { status: number; body: object }[] = [];
  readonly token = TOKEN;
  /** Base URL of an API that gets the reports as well, and answers them. */
  forwardTo: string | null = null;

  private constructor(private readonly server: Server) {}

  static async start(): Promise<ExecutorDesk> {
    const server = createServer();
    const desk = new ExecutorDesk(server);
    server.on('request', (request, reply) => void desk.serve(request, reply));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

    return desk;
  }

  /** Base URL of the API. */
  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/api`;
  }

  /** The text that a client of the stream has by now. */
  get text(): string {
    return this.events.reduce((text, { type, content = '' }) => {
      if (type === 'replace') return content;

      return type === 'content' ? text + content : text;
    }, '');
  }

  /** The newest state of each step. */
  get steps(): DeskEvent[] {
    const steps = this.events.filter(({ type }) => type === 'step');

    return [...new Map(steps.map((step) => [step.step_id, step])).values()];
  }

  /** The end of a subtask, once it is reported. */
  ended(subtaskId: number): Promise<DeskReport> {
    const find = () => this.reports.find((each) => each.subtask_id === subtaskId && ENDED.includes(each.status));

    return eventually(`the end of subtask ${subtaskId}`, find);
  }

  /** Forgets events, as a Redis without persistence does. */
  forget(kept = 0): void {
    this.events = this.events.slice(0, kept);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async serve(request: IncomingMessage, reply: ServerResponse): Promise<void> {
    if (this.isAway) {
      request.socket.destroy();

      return;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
    const { status, body: answer } = await this.answer(request, body);
    reply.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  }

  private async answer(request: IncomingMessage, body: unknown): Promise<{ status: number; body: object }> {
    const { authorization = '' } = request.headers;
    if (this.forwardTo === null && authorization !== `Bearer ${TOKEN}`) {
      return { status: 401, body: { code: 'unauthorized' } };
    }
    if (request.method === 'PUT') return this.takeReport(body as DeskReport, authorization);

    return this.takeEvents(body as EventsCall);
  }

  private async takeReport(report: DeskReport, authorization: string): Promise<{ status: number; body: object }> {
    const planned = this.reportAnswers.shift();
    if (planned) return planned;
    this.reports.push(report);
    if (this.forwardTo === null) return { status: 200, body: { subtask_id: report.subtask_id } };
    const reply = await fetch(`${this.forwardTo}/executors/tasks`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json', authorization },
      body: JSON.stringify(report),
    });

    return { status: reply.status, body: (await reply.json()) as object };
  }

  private takeEvents({ first, events }: EventsCall): { status: number; body: object } {
    this.eventCalls += 1;
    const planned = this.eventAnswers.shift();
    if (planned) return planned;
    const last = this.events.length;
    if (first > last + 1) return { status: 409, body: { detail: 'gap', code: 'events_gap', last } };
    this.events.push(...events.slice(last + 1 - first));

    return { status: 200, body: { last: this.events.length, cancelling: this.cancelling } };
  }
}
