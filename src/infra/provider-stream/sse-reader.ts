/** Parses the bytes of an SSE body into events. */
import { createParser, type EventSourceMessage, type EventSourceParser } from 'eventsource-parser';
import { StringDecoder } from 'node:string_decoder';
import { AppError } from '../../common/app-error.js';
import { parseJson } from '../../common/json.js';

const BOM = '\uFEFF';
/** Characters of one line or event that are kept while its end is awaited: a guard for memory. */
export const MAX_EVENT_LENGTH = 8 * 1024 * 1024;

/**
 * Reads by the rules of WHATWG HTML 9.2.5-9.2.6, except for the end: servers exist that forget the last blank line,
 * so a last event whose data is whole (JSON or `[DONE]`) counts, as it does in openai-node.
 */
export class SseReader {
  /**
   * Keeps split characters. Node's streaming TextDecoder always makes strings of two bytes a character, which costs a
   * fifth more CPU per token up to the client's socket.
   */
  private readonly decoder = new StringDecoder('utf8');
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
    this.parse(this.decoder.write(chunk));
  }

  /** Parses the rest at the end of the body. Called once. */
  end(): void {
    this.parse(this.decoder.end());
    // The parser delays a CR until it knows that no LF follows: an LF ends the wait.
    if (this.last.endsWith('\r')) this.parse('\n');
    this.ending = true;
    this.parse('\n\n');
  }

  private parse(text: string): void {
    if (text === '') return;
    const isFirst = this.last === '';
    this.last = text;
    // One BOM at the start is none of the text, as for an EventSource.
    this.parser.feed(isFirst && text.startsWith(BOM) ? text.slice(1) : text);
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
