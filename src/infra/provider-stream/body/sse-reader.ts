/** Parses the bytes of an SSE body into events. */
import { firstPart } from '../../../common/text/text-cut.js';
import { createParser, type EventSourceMessage, type EventSourceParser } from 'eventsource-parser';
import { StringDecoder } from 'node:string_decoder';
import { AppError } from '../../../common/app-error.js';
import { jsonTextsOf, parseLenient } from './lenient-json.js';

const BOM = '\uFEFF';
/** Characters that are kept of a body without any event, for the message of the error. */
const MAX_OTHER_TEXT = 1000;
/** Characters of one line or event that are kept while its end is awaited: a guard for memory. */
export const MAX_EVENT_LENGTH = 8 * 1024 * 1024;

/**
 * Reads by the rules of WHATWG HTML 9.2.5-9.2.6, except for the end: servers exist that forget the last blank line,
 * so a last event whose data is whole (JSON or `[DONE]`) counts, as it does in openai-node. Lines without a field are
 * read where they say something: llama-server reports failures in a field `error`, and relays forget `data:` in front of
 * JSON. A body without any event becomes one whose data is its text.
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
  private hasEvents = false;
  private otherText = '';

  constructor(private readonly onEvent: (event: EventSourceMessage) => void) {
    this.parser = createParser({
      maxBufferSize: MAX_EVENT_LENGTH,
      onEvent: (event) => this.dispatch(event),
      onError: (error) => {
        this.overflow ||= error.type === 'max-buffer-size-exceeded';
        if (error.type === 'unknown-field') this.onOtherLine(error.field ?? '', error.value ?? '', error.line ?? '');
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
    if (!this.hasEvents && this.otherText !== '')
      this.onEvent({ id: undefined, event: undefined, data: this.otherText });
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
    this.hasEvents = true;
    this.onEvent(event);
  }

  private onOtherLine(field: string, value: string, line: string): void {
    if (/^error$/i.test(field)) this.dispatch({ id: undefined, event: 'error', data: value });
    else if (line.startsWith('{') && isWhole(line)) this.dispatch({ id: undefined, event: undefined, data: line });
    else if (this.otherText.length < MAX_OTHER_TEXT) this.otherText += `${firstPart(line, MAX_OTHER_TEXT)}\n`;
  }
}

function isWhole(data: string): boolean {
  return /^(?:data:\s*)*\[DONE\]/.test(data) || jsonTextsOf(data).some((text) => parseLenient(text) !== undefined);
}
