import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import type { ChatEvent, TerminalEvent } from '../../src/common/chat-event.js';

/** One event as it came over the wire. */
export interface Received {
  id: string;
  subtaskId: number;
  seq: number;
  data: ChatEvent;
  /** Milliseconds since the epoch. */
  at: number;
}

export interface StreamRequest {
  method?: 'GET' | 'POST';
  body?: unknown;
  headers?: Record<string, string>;
  /** Stop reading from the socket after this many bytes, see {@link SseStream.pause}. */
  pauseAfter?: number;
}

const TIMEOUT_MS = 60_000;

/**
 * The reply to a request for an event stream. It may also be an ordinary reply (an error, 204): then `status` and
 * `text` tell.
 */
export class SseStream {
  readonly events: Received[] = [];
  /** Bytes of the body so far. */
  bytes = 0;
  readonly comments: string[] = [];
  text = '';
  isOpen = true;
  private waiting: (() => void)[] = [];

  constructor(
    private readonly outgoing: ClientRequest,
    private readonly reply: IncomingMessage,
    pauseAfter = Number.MAX_SAFE_INTEGER,
  ) {
    const parser = createParser({
      onEvent: (event) => this.events.push(toReceived(event)),
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
    return this.headers['content-type']?.startsWith('text/event-stream') ?? false;
  }

  /** The body of an ordinary reply. */
  json(): Record<string, unknown> {
    return JSON.parse(this.text) as Record<string, unknown>;
  }

  get last(): Received | undefined {
    return this.events.at(-1);
  }

  get lastId(): string {
    return this.last?.id ?? '';
  }

  /** Whether the terminal event has come. */
  get isComplete(): boolean {
    return this.events.some(({ data }) => isTerminal(data));
  }

  /** The first event for which `wanted` holds; fails when the stream ends without one. */
  async until(wanted: (event: Received) => boolean, timeoutMs = TIMEOUT_MS): Promise<Received> {
    for (const end = Date.now() + timeoutMs; ;) {
      const found = this.events.find(wanted);
      if (found) return found;
      if (!this.isOpen) throw new Error(`the stream closed without the event; it had ${this.summary()}`);
      if (Date.now() > end) throw new Error(`no such event within ${timeoutMs} ms; there were ${this.summary()}`);
      await this.changed(end - Date.now());
    }
  }

  untilType(type: ChatEvent['type'], timeoutMs?: number): Promise<Received> {
    return this.until(({ data }) => data.type === type, timeoutMs);
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

/** Sends a request and resolves with the head of its reply. Every stream has a connection of its own. */
export function openStream(
  url: string,
  { method = 'GET', body, headers = {}, pauseAfter }: StreamRequest = {},
): Promise<SseStream> {
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
    outgoing.once('response', (reply) => resolve(new SseStream(outgoing, reply, pauseAfter)));
    outgoing.end(payload);
  });
}

function toReceived({ id = '', data, event }: EventSourceMessage): Received {
  if (event !== undefined) throw new Error(`the contract has no event names, but there came ${event}`);
  const match = /^(\d+)-(\d+)$/.exec(id);
  if (!match) throw new Error(`malformed event id "${id}"`);

  return {
    id,
    subtaskId: Number(match[1]),
    seq: Number(match[2]),
    data: JSON.parse(data) as ChatEvent,
    at: Date.now(),
  };
}

export function isTerminal(event: ChatEvent): event is TerminalEvent {
  return event.type === 'done' || event.type === 'error' || event.type === 'cancelled';
}

/** What a client shows after some events. */
export interface Folded {
  content: string;
  reasoning: string;
  terminal: TerminalEvent | null;
}

/** Folds events as the contract says. */
export function fold(events: readonly Received[]): Folded {
  const folded: Folded = { content: '', reasoning: '', terminal: null };
  for (const { data } of events) {
    if (data.type === 'content') folded.content += data.content;
    if (data.type === 'reasoning') folded.reasoning += data.content;
    if (data.type === 'replace') folded.content = data.content;
    if (data.type === 'reset' || data.type === 'start') Object.assign(folded, { content: '', reasoning: '' });
    if (data.type === 'resync') Object.assign(folded, { content: data.content, reasoning: data.reasoning });
    if (isTerminal(data)) folded.terminal = data;
  }

  return folded;
}

/**
 * Whether events are what a client must get after the event number `after`: each once, in order, without gaps (only
 * a `resync` may stand for events before it), and one terminal event, at the end. @returns what is wrong
 */
export function flaws(events: readonly Received[], after = 0): string[] {
  const found: string[] = [];
  let previous = after;
  for (const { id, seq, data } of events) {
    const follows = seq === previous + 1 || (data.type === 'resync' && seq > previous);
    if (!follows) found.push(`${id} (${data.type}) comes after number ${previous}`);
    previous = seq;
  }
  const terminals = events.filter(({ data }) => isTerminal(data));
  if (terminals.length !== 1) found.push(`${terminals.length} terminal events`);
  const last = events.at(-1);
  if (last && !isTerminal(last.data)) found.push(`the last event is ${last.data.type}`);
  if (new Set(events.map(({ subtaskId }) => subtaskId)).size > 1) found.push('events of several answers');

  return found;
}

/** All texts of one kind, joined. */
export const typesOf = (events: readonly Received[]): ChatEvent['type'][] => events.map(({ data }) => data.type);
