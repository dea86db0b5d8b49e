import { firstPart } from '../../common/text/text-cut.js';
import type { LiveEvent } from './live-event.js';

/** Of one call. */
const MAX_EVENTS = 256;
const MAX_BATCH_BYTES = 400 * 1024;
/** UTF-16 units of a piece of text: escaped it may take six bytes a unit. */
const MAX_PIECE = 32 * 1024;
const MAX_WAITING_BYTES = 4 * 1024 * 1024;

/** Events of one call. Their numbers stay until the API has said which ones it knows. */
export interface EventBatch {
  /** Number of the first event; of the next one, if there is none. */
  first: number;
  events: readonly LiveEvent[];
}

/** The answer as a whole, in place of its events. `withReasoning`: for a log that holds nothing. */
export type Snapshot = (withReasoning: boolean) => LiveEvent[];

interface Waiting {
  event: LiveEvent;
  bytes: number;
}

/**
 * The events of a claim on their way to the API: numbered from 1, bounded. Events that wait for too long are replaced by
 * the answer so far.
 */
export class EventBuffer {
  private waiting: Waiting[] = [];
  private bytes = 0;
  private collapseAt = MAX_WAITING_BYTES;
  private batch: EventBatch | null = null;
  private next = 1;

  constructor(private readonly snapshot: Snapshot) {}

  get isEmpty(): boolean {
    return this.waiting.length === 0 && !this.batch?.events.length;
  }

  /** More waits than fits into a call. */
  get hasBacklog(): boolean {
    return this.bytes > MAX_BATCH_BYTES || this.waiting.length > MAX_EVENTS;
  }

  add(event: LiveEvent): void {
    for (const piece of piecesOf(event)) this.push(piece);
    if (this.bytes <= this.collapseAt) return;
    this.replaceWaiting(this.snapshot(false));
    // The snapshot itself may be large: what is added to it counts, not what it has.
    this.collapseAt = Math.max(MAX_WAITING_BYTES, this.bytes * 2);
  }

  /** The batch that is on its way; the same one until it is settled, unless it holds nothing. */
  nextBatch(): EventBatch {
    if (!this.batch?.events.length) this.batch = { first: this.next, events: this.cutBatch() };

    return this.batch;
  }

  /** The API knows all events up to `last`. */
  settle(last: number): void {
    const { first, events } = this.batch ?? { first: this.next, events: [] };
    const expected = first + events.length - 1;
    this.batch = null;
    this.next = last + 1;
    if (last >= first - 1 && last < expected) this.putBack(events.slice(last - first + 1));
    // It has lost some, or an earlier process of the same claim has sent them.
    else if (last !== expected) this.replaceWaiting(this.snapshot(last === 0));
  }

  /** The API refuses the batch for what is in it: the text so far, without it, goes on. */
  reject(): void {
    const hadText = this.batch?.events.some(({ type }) => type === 'content' || type === 'replace') ?? false;
    this.batch = null;
    if (hadText) this.replaceWaiting(this.snapshot(false).filter(({ type }) => type !== 'step'));
  }

  private push(event: LiveEvent): void {
    const last = this.waiting.at(-1);
    const merged = last && merge(last.event, event);
    if (last && merged) {
      this.bytes -= last.bytes;
      this.waiting.pop();
    }
    const whole = merged ?? event;
    const bytes = Buffer.byteLength(JSON.stringify(whole));
    this.waiting.push({ event: whole, bytes });
    this.bytes += bytes;
  }

  private cutBatch(): LiveEvent[] {
    let size = 0;
    const end = this.waiting.findIndex(({ bytes }, index) => {
      size += bytes;

      return index >= MAX_EVENTS || (index > 0 && size > MAX_BATCH_BYTES);
    });
    const cut = this.waiting.splice(0, end < 0 ? this.waiting.length : end);
    this.bytes -= cut.reduce((sum, { bytes }) => sum + bytes, 0);
    if (this.waiting.length === 0) this.collapseAt = MAX_WAITING_BYTES;

    return cut.map(({ event }) => event);
  }

  private putBack(events: readonly LiveEvent[]): void {
    const later = this.waiting.map(({ event }) => event);
    this.replaceWaiting([...events, ...later]);
  }

  private replaceWaiting(events: readonly LiveEvent[]): void {
    this.waiting = [];
    this.bytes = 0;
    for (const event of events) for (const piece of piecesOf(event)) this.push(piece);
  }
}

/** One event in place of two, where the second goes on with or replaces the first. */
function merge(last: LiveEvent, event: LiveEvent): LiveEvent | undefined {
  if (last.type === 'step' && event.type === 'step') return last.step_id === event.step_id ? event : undefined;
  if (last.type === 'usage' && event.type === 'usage') return event;
  if (event.type !== 'content' && event.type !== 'reasoning') return undefined;
  if (last.type !== event.type || last.content.length + event.content.length > MAX_PIECE) return undefined;

  return { type: event.type, content: last.content + event.content };
}

/** Long texts in pieces: a `replace` with the first one, the rest as `content`. */
function piecesOf(event: LiveEvent): LiveEvent[] {
  if (event.type !== 'content' && event.type !== 'reasoning' && event.type !== 'replace') return [event];
  const pieces: LiveEvent[] = [];
  let rest = event.content;
  do {
    const content = firstPart(rest, MAX_PIECE);
    const type = event.type === 'replace' && pieces.length > 0 ? 'content' : event.type;
    pieces.push({ type, content });
    rest = rest.slice(content.length);
  } while (rest !== '');

  return pieces;
}
