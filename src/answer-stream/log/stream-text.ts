import type { ChatEvent, ResyncEvent } from '../../common/contracts/chat-event.js';
import { type AnswerExtras, extrasOf, withExtra } from './answer-extras.js';
import type { FrameBatch } from './frames.js';

/** A whole answer up to the event `seq` of its stream. */
export interface Snapshot {
  seq: number;
  content: string;
  reasoning: string;
  extras?: AnswerExtras | undefined;
  /** The subtask whose text it is; the first of the turn when missing. */
  subtaskId?: number | undefined;
  /** Of the run whose text it is; the first one when missing. */
  attempt?: number | undefined;
}

/** The text that the events of a stream add up to. */
export interface StreamText extends Snapshot {
  /** The last event read. */
  last: ChatEvent | null;
}

export const EMPTY_TEXT: StreamText = { seq: 0, content: '', reasoning: '', last: null };

/** Applies the events of a batch, as a client does. */
export function foldFrames(text: StreamText, batch: Pick<FrameBatch, 'text' | 'last'>): StreamText {
  return { ...foldEvents(text, eventsOf(batch.text)), seq: batch.last };
}

/** Applies events that have no numbers yet. */
export function foldEvents(text: StreamText, events: readonly ChatEvent[]): StreamText {
  return events.reduce(foldEvent, text);
}

function foldEvent(text: StreamText, event: ChatEvent): StreamText {
  const { content, reasoning } = text;
  switch (event.type) {
    case 'start':
      return { ...EMPTY_TEXT, ...laterAttempt(event.attempt), subtaskId: event.subtask_id, last: event };
    case 'content':
      return { ...text, content: content + event.content, last: event };
    case 'reasoning':
      return { ...text, reasoning: reasoning + event.content, last: event };
    case 'replace':
      return { ...text, content: event.content, last: event };
    case 'reset':
      return { ...EMPTY_TEXT, ...laterAttempt(event.attempt), last: event };
    case 'resync': {
      const { subtask_id: subtaskId, attempt } = event;

      return { ...EMPTY_TEXT, ...wholeOf(event), ...laterAttempt(attempt), subtaskId, last: event };
    }
    default:
      return { ...text, extras: withExtra(text.extras ?? {}, event), last: event };
  }
}

function wholeOf({ content, reasoning, ...event }: ResyncEvent): Pick<Snapshot, 'content' | 'reasoning' | 'extras'> {
  return { content, reasoning, extras: extrasOf(event) };
}

/** Returns the number of an attempt that has replaced an earlier one. */
export function laterAttempt(attempt: number | undefined): Pick<Snapshot, 'attempt'> {
  return attempt !== undefined && attempt > 1 ? { attempt } : {};
}

/** Returns the event that replaces all before it. @param streamId the first subtask of the turn */
export function resyncOf(
  streamId: number,
  { content, reasoning, subtaskId, attempt, extras = {} }: Omit<Snapshot, 'seq'>,
): ResyncEvent {
  const isFirst = subtaskId === undefined || subtaskId === streamId;
  const named = { ...(!isFirst && { subtask_id: subtaskId }), ...laterAttempt(attempt) };

  return { type: 'resync', content, reasoning, ...named, ...extras };
}

/** Returns whether clients have seen the `start` of an answer, or an event that replaces it. */
export function hasStarted({ subtaskId, last }: StreamText): boolean {
  return subtaskId !== undefined || (last !== null && last.type !== 'queued' && last.type !== 'reset');
}

/** Returns the answer whose text clients have; undefined when they have none. @param streamId the first subtask of the turn */
export function shownSubtask(streamId: number, text: StreamText): number | undefined {
  return text.subtaskId ?? (hasStarted(text) ? streamId : undefined);
}

const DATA = 'data: ';

/** Parses SSE frames that Conch has made: one `data:` line each. */
export function eventsOf(frames: string): ChatEvent[] {
  // Split by hand: a regular expression takes U+2028, which JSON leaves as it is, for a line end.
  const lines = frames.split('\n').filter((line) => line.startsWith(DATA));

  return lines.map((line) => JSON.parse(line.slice(DATA.length)) as ChatEvent);
}
