import type { EventSourceMessage } from 'eventsource-parser';
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { ChatEvent, TerminalEvent } from '../../../src/common/contracts/chat-event.js';
import { connect, EventStream, type StreamRequest } from './event-stream.js';

/** One event as it came over the wire. */
export interface Received {
  id: string;
  subtaskId: number;
  seq: number;
  data: ChatEvent;
  /** Milliseconds since the epoch. */
  at: number;
}

export type { StreamRequest };

/**
 * The reply to a request for a chat stream. It may also be an ordinary reply (an error, 204): then `status` and
 * `text` tell.
 */
export class SseStream extends EventStream<Received> {
  constructor(outgoing: ClientRequest, reply: IncomingMessage, pauseAfter?: number) {
    super(toReceived, outgoing, reply, pauseAfter);
  }

  /** Whether the terminal event has come. */
  get isComplete(): boolean {
    return this.events.some(({ data }) => isTerminal(data));
  }

  /** Resolves when the answer shows so much text: what a busy machine reads late comes as fewer events. */
  async untilText(length: number): Promise<void> {
    await this.until(() => fold(this.events).content.length >= length);
  }

  untilType(type: ChatEvent['type'], timeoutMs?: number): Promise<Received> {
    return this.until(({ data }) => data.type === type, timeoutMs);
  }
}

/** Sends a request and resolves with the head of its reply. Every stream has a connection of its own. */
export async function openStream(url: string, options: StreamRequest = {}): Promise<SseStream> {
  const { outgoing, reply } = await connect(url, options);

  return new SseStream(outgoing, reply, options.pauseAfter);
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
