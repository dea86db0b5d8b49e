import type { MessageEvent } from '@nestjs/common';
import type { ChatEvent } from '../../common/contracts/chat-event.js';

/** Consecutive events of one stream, ready for the wire: SSE frames in order, each ended by a blank line. */
export interface FrameBatch {
  first: number;
  last: number;
  text: string;
  /** The last event ends the stream. */
  terminal: boolean;
  /** The first event replaces everything before it (`resync`, `reset`), so that a gap before it is harmless. */
  selfContained: boolean;
}

/**
 * Added to the numbers of events that state an ended answer once more. A lost owner can have sent the number of the
 * terminal event to its own readers, for another event: after a restart that number does not prove that a client has
 * everything, and one beyond all that an owner can reach does.
 */
export const RESTATED = 1_000_000_000;

/** Formats an event as an SSE frame. JSON has no raw line breaks, so one `data:` line is enough. */
export function frame(subtaskId: number, seq: number, event: ChatEvent): string {
  return `id: ${subtaskId}-${seq}\ndata: ${JSON.stringify(event)}\n\n`;
}

const ID = 'id: ';
const DATA = '\ndata: ';

/** Parses frames into messages for `@Sse`. */
export function messagesOf(frames: string): MessageEvent[] {
  const messages: MessageEvent[] = [];
  for (let start = 0; start < frames.length;) {
    const data = frames.indexOf(DATA, start);
    const end = frames.indexOf('\n\n', data);
    messages.push({ id: frames.slice(start + ID.length, data), data: frames.slice(data + DATA.length, end) });
    start = end + 2;
  }

  return messages;
}

/** Returns the events of a batch after `cursor`; null when there are none. */
export function batchAfter(batch: FrameBatch, cursor: number): FrameBatch | null {
  if (cursor < batch.first) return batch;
  if (cursor >= batch.last) return null;
  let start = 0;
  for (let seq = batch.first; seq <= cursor; seq += 1) start = batch.text.indexOf('\n\n', start) + 2;

  return { ...batch, first: cursor + 1, text: batch.text.slice(start), selfContained: false };
}

/** Joins consecutive batches, so that a reader that is behind receives them in one write. */
export function joinBatches(batches: readonly FrameBatch[]): FrameBatch {
  const first = batches[0];
  const last = batches[batches.length - 1];
  if (!first || !last) throw new RangeError('no batches to join');
  if (first === last) return first;

  return {
    first: first.first,
    last: last.last,
    text: batches.map((batch) => batch.text).join(''),
    terminal: last.terminal,
    selfContained: first.selfContained,
  };
}

/** Returns the sequence number in a Last-Event-ID of this stream; 0 (from the start) for anything else. */
export function parseEventId(value: string | undefined, subtaskId: number): number {
  const match = /^(\d{1,10})-(\d{1,10})$/.exec(value ?? '');

  return match && Number(match[1]) === subtaskId ? Number(match[2]) : 0;
}
