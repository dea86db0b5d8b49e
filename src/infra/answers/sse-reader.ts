/** Bytes of an SSE body -> its events. */
import { createParser, type EventSourceMessage, type EventSourceParser } from 'eventsource-parser';
import { AppError } from '../../common/app-error.js';
import { parseJson } from './json.js';

/** Characters of one line or event that are kept while its end is awaited: a guard for memory. */
export const MAX_EVENT_LENGTH = 8 * 1024 * 1024;

/**
 * Reads by the rules of WHATWG HTML 9.2.5-9.2.6, except for the end: servers exist that forget the last blank line,
 * so a last event whose data is whole (JSON or `[DONE]`) counts, as it does in openai-node.
 */
export class SseReader {
  /** Drops one leading BOM and keeps split characters, as an EventSource does. */
  private readonly decoder = new TextDecoder('utf-8');
  private readonly parser: EventSourceParser;
  private last = '';
  private ending = false;
  private overflow = false;

  constructor(private readonly onEvent: (event: EventSourceMessage) => void) {
    this.parser = createParser({
      maxBufferSize: MAX_EVENT_LENGTH,
      onEvent: (event) => this.dispatch(event),
      onError: (error) => {
        this.overflow ||= error.type === 'max-buffer-size-exceeded';
      },
    });
  }

  feed(chunk: Uint8Array): void {
    this.parse(this.decoder.decode(chunk, { stream: true }));
  }

  /** Call once, when the body is over. */
  end(): void {
    this.parse(this.decoder.decode());
    // The parser waits with a CR for a possible LF: here it comes, which changes nothing but the waiting.
    if (this.last.endsWith('\r')) this.parse('\n');
    this.ending = true;
    this.parse('\n\n');
  }

  private parse(text: string): void {
    if (text === '') return;
    this.last = text;
    this.parser.feed(text);
    if (this.overflow) throw new AppError('provider_protocol', 'The provider sent an event of more than 8 MB');
  }

  private dispatch(event: EventSourceMessage): void {
    if (this.ending && !isWhole(event.data)) return;
    this.onEvent(event);
  }
}

function isWhole(data: string): boolean {
  return data.startsWith('[DONE]') || parseJson(data) !== undefined;
}
