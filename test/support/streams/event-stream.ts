import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';

export interface StreamRequest {
  method?: 'GET' | 'POST';
  body?: unknown;
  headers?: Record<string, string>;
  /** Stop reading from the socket after this many bytes, see {@link SseStream.pause}. */
  pauseAfter?: number;
}

const TIMEOUT_MS = 120_000;

/** What any event has. */
interface AnyEvent {
  id: string;
  data: unknown;
}

/**
 * The reply to a request for an event stream. It may also be an ordinary reply (an error, 204): then `status` and
 * `text` tell.
 */
export class EventStream<Event extends AnyEvent> {
  readonly events: Event[] = [];
  /** Bytes of the body so far. */
  bytes = 0;
  readonly comments: string[] = [];
  text = '';
  isOpen = true;
  private waiting: (() => void)[] = [];

  constructor(
    read: (message: EventSourceMessage) => Event,
    private readonly outgoing: ClientRequest,
    private readonly reply: IncomingMessage,
    pauseAfter = Number.MAX_SAFE_INTEGER,
  ) {
    const parser = createParser({
      onEvent: (event) => this.events.push(read(event)),
      onComment: (comment) => this.comments.push(comment),
    });
    reply.setEncoding('utf8');
    reply.on('data', (chunk: string) => {
      if (this.bytes < pauseAfter && this.bytes + Buffer.byteLength(chunk) >= pauseAfter) reply.pause();
      this.bytes += Buffer.byteLength(chunk);
      if (this.isStream) parser.feed(chunk);
      else this.text += chunk;
      this.wake();
    });
    reply.on('error', () => undefined);
    reply.once('close', () => {
      this.isOpen = false;
      this.wake();
    });
  }

  get status(): number {
    return this.reply.statusCode ?? 0;
  }

  get headers(): IncomingMessage['headers'] {
    return this.reply.headers;
  }

  get isStream(): boolean {
    return this.status === 200 && (this.headers['content-type']?.startsWith('text/event-stream') ?? false);
  }

  /** The body of an ordinary reply. */
  json(): Record<string, unknown> {
    return JSON.parse(this.text) as Record<string, unknown>;
  }

  get last(): Event | undefined {
    return this.events.at(-1);
  }

  get lastId(): string {
    return this.last?.id ?? '';
  }

  /** The first event for which `wanted` holds; fails when the stream ends without one. */
  async until(wanted: (event: Event) => boolean, timeoutMs = TIMEOUT_MS): Promise<Event> {
    for (const end = Date.now() + timeoutMs; ;) {
      const found = this.events.find(wanted);
      if (found) return found;
      if (!this.isOpen) throw new Error(`the stream closed without the event; it had ${this.summary()}`);
      if (Date.now() > end) throw new Error(`no such event within ${timeoutMs} ms; there were ${this.summary()}`);
      await this.changed(end - Date.now());
    }
  }

  /** Resolves when that many events have come. */
  async untilCount(count: number, timeoutMs?: number): Promise<void> {
    await this.until((event) => this.events.indexOf(event) === count - 1, timeoutMs);
  }

  /** Resolves when the server or the network has closed the stream. */
  async untilClosed(timeoutMs = TIMEOUT_MS): Promise<this> {
    for (const end = Date.now() + timeoutMs; this.isOpen;) {
      if (Date.now() > end) throw new Error(`still open after ${timeoutMs} ms; there were ${this.summary()}`);
      await this.changed(end - Date.now());
    }

    return this;
  }

  /** Stops reading from the socket: the server will find it congested. */
  pause(): void {
    this.reply.pause();
  }

  resume(): void {
    this.reply.resume();
  }

  /** Goes away, as a closed tab does. */
  close(): void {
    this.outgoing.destroy();
  }

  private summary(): string {
    return `${this.events.length} event(s): ${this.events
      .slice(-5)
      .map(({ id, data }) => `${id} ${JSON.stringify(data).slice(0, 120)}`)
      .join(' | ')}`;
  }

  private changed(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.max(timeoutMs, 1));
      this.waiting.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  private wake(): void {
    const waiting = this.waiting;
    this.waiting = [];
    for (const resolve of waiting) resolve();
  }
}

/** The head of a reply, with its request. */
interface Connected {
  outgoing: ClientRequest;
  reply: IncomingMessage;
}

/** Sends a request and resolves with the head of its reply, on a connection of its own. */
export function connect(url: string, { method = 'GET', body, headers = {} }: StreamRequest = {}): Promise<Connected> {
  return new Promise((resolve, reject) => {
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const outgoing = request(url, {
      method,
      agent: false,
      headers: {
        accept: 'text/event-stream',
        ...(payload !== undefined && {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(payload),
        }),
        ...headers,
      },
    });
    outgoing.on('error', reject);
    outgoing.once('response', (reply) => resolve({ outgoing, reply }));
    outgoing.end(payload);
  });
}
