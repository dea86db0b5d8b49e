import type { ChatEvent } from '../../common/chat-event.js';

/** What the events of a stream add up to. */
export interface StreamText {
  content: string;
  reasoning: string;
  /** The last event read. */
  last: ChatEvent | null;
}

export const EMPTY_TEXT: StreamText = { content: '', reasoning: '', last: null };

/** Applies the events of some SSE frames, as a client does. */
export function foldFrames(text: StreamText, frames: string): StreamText {
  return eventsOf(frames).reduce(foldEvent, text);
}

function foldEvent(text: StreamText, event: ChatEvent): StreamText {
  const { content, reasoning } = text;
  switch (event.type) {
    case 'content':
      return { content: content + event.content, reasoning, last: event };
    case 'reasoning':
      return { content, reasoning: reasoning + event.content, last: event };
    case 'replace':
      return { content: event.content, reasoning, last: event };
    case 'reset':
      return { content: '', reasoning: '', last: event };
    case 'resync':
      return { content: event.content, reasoning: event.reasoning, last: event };
    default:
      return { content, reasoning, last: event };
  }
}

/** The events of some SSE frames of our own making: one `data:` line each. */
export function eventsOf(frames: string): ChatEvent[] {
  return [...frames.matchAll(/^data: (.*)$/gm)].map(([, json = 'null']) => JSON.parse(json) as ChatEvent);
}
