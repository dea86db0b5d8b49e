/** Reads a body for what it is, which its label does not tell: events, one JSON reply, or lines of JSON. */
import { firstPart } from '../../../common/text/text-cut.js';
import type { EventSourceMessage } from 'eventsource-parser';
import { StringDecoder } from 'node:string_decoder';
import { AppError } from '../../../common/app-error.js';
import { jsonTextsOf, parseLenient } from './lenient-json.js';
import { MAX_EVENT_LENGTH, SseReader } from './sse-reader.js';

/** Receives the parts of a body. */
export interface BodyParts {
  onEvent(event: EventSourceMessage): void;
  /** Receives a reply that is JSON as a whole. */
  onWhole(reply: unknown): void;
}

/** What the parts of one kind of body are read by. */
interface FormatReader {
  feed(chunk: Uint8Array): void;
  /** Reads the rest at the end of the body. Called once. */
  end(): void;
  /** Whether the body ends like a whole one. Cheap: it is asked after every read. */
  readonly mayBeComplete: boolean;
  /** Whether the body is whole, so that nothing of it is awaited. Reads all of it. */
  readonly isComplete: boolean;
}

/** Blanks and the bytes of a byte order mark. */
const BLANKS = new Set([0x20, 0x09, 0x0a, 0x0d, 0xef, 0xbb, 0xbf]);
const JSON_BEGINS = new Set(['{'.charCodeAt(0), '['.charCodeAt(0)]);

/** Chooses the format by the first byte that is not blank. */
export class BodyReader {
  private format: FormatReader | null = null;
  /** Blank bytes before the first other one. */
  private blank: Uint8Array[] = [];

  constructor(private readonly parts: BodyParts) {}

  /** Whether the body ends like a whole JSON reply. */
  get mayBeComplete(): boolean {
    return this.format?.mayBeComplete ?? false;
  }

  /** Whether the body is a whole JSON reply so far. Parses all of it. */
  get isComplete(): boolean {
    return this.format?.isComplete ?? false;
  }

  feed(chunk: Uint8Array): void {
    if (this.format) return this.format.feed(chunk);
    const first = chunk.find((byte) => !BLANKS.has(byte));
    this.blank.push(chunk);
    if (first !== undefined) this.begin(first);
  }

  end(): void {
    this.format?.end();
  }

  private begin(first: number): void {
    this.format = JSON_BEGINS.has(first) ? new JsonReader(this.parts) : new EventsReader(this.parts);
    for (const chunk of this.blank) this.format.feed(chunk);
    this.blank = [];
  }
}

class EventsReader implements FormatReader {
  readonly mayBeComplete = false;
  readonly isComplete = false;
  private readonly sse: SseReader;

  constructor(parts: BodyParts) {
    this.sse = new SseReader((event) => parts.onEvent(event));
  }

  feed(chunk: Uint8Array): void {
    this.sse.feed(chunk);
  }

  end(): void {
    this.sse.end();
  }
}

/**
 * Reads one JSON reply, on any number of lines, or lines with a JSON value each (Ollama's own format, and relays that
 * forget `data:`). A first line that is a value waits for a second one, which decides.
 */
class JsonReader implements FormatReader {
  private readonly decoder = new StringDecoder('utf8');
  private text = '';
  /** Its last characters, which are known without joining all of it. */
  private tail = '';
  private kind: 'unknown' | 'whole' | 'lines' = 'unknown';
  private firstLine: string | null = null;
  private hasLines = false;

  constructor(private readonly parts: BodyParts) {}

  get mayBeComplete(): boolean {
    if (this.kind === 'lines') return this.firstLine !== null && this.text.trim() === '';

    return /[}\]]\s*$/.test(this.tail);
  }

  get isComplete(): boolean {
    if (!this.mayBeComplete) return false;

    return this.kind === 'lines' || parseLenient(withoutMark(this.text)) !== undefined;
  }

  feed(chunk: Uint8Array): void {
    this.read(this.decoder.write(chunk));
    if (this.text.length > MAX_EVENT_LENGTH)
      throw new AppError('provider_protocol', 'The provider sent more than 8 MB');
  }

  end(): void {
    this.read(this.decoder.end());
    if (this.kind === 'lines') this.readLines(`${this.text}\n`);
    if (this.kind === 'lines' && this.firstLine === null) return;
    const reply = parseLenient(this.firstLine ?? withoutMark(this.text));
    if (reply === undefined) this.parts.onEvent({ id: undefined, event: undefined, data: firstPart(this.text, 1000) });
    else this.parts.onWhole(reply);
  }

  private read(text: string): void {
    this.text += text;
    this.tail = (this.tail + text).slice(-8);
    if (this.kind === 'unknown' && text.includes('\n')) this.decide();
    if (this.kind === 'lines') this.readLines(this.text);
  }

  private decide(): void {
    const begin = withoutMark(this.text).trimStart();
    const end = begin.indexOf('\n');
    if (end < 0) return;
    this.kind = parseLenient(begin.slice(0, end)) === undefined ? 'whole' : 'lines';
    if (this.kind === 'lines') this.text = begin;
  }

  private readLines(text: string): void {
    const lines = text.split('\n');
    this.text = lines.pop() ?? '';
    for (const line of lines.flatMap(jsonTextsOf)) this.onLine(line);
  }

  private onLine(line: string): void {
    if (this.firstLine === null && this.hasLines) return this.emit(line);
    if (this.firstLine === null) {
      this.firstLine = line;
      this.hasLines = true;

      return;
    }
    this.emit(this.firstLine);
    this.firstLine = null;
    this.emit(line);
  }

  private emit(data: string): void {
    this.parts.onEvent({ id: undefined, event: undefined, data });
  }
}

const withoutMark = (text: string) => text.replace(/^\uFEFF/, '');
