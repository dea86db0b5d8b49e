import type { ChatEvent, Usage } from '../../common/chat-event.js';
import type { SubtaskResult } from '../../infra/database/schema/schema.js';
import { type AnswerExtras, extrasOf, withExtra } from '../stream/answer-extras.js';
import type { Snapshot } from '../stream/stream-text.js';

/** Pieces joined at a time: bounds the depth of the engine's concatenation tree, which costs memory per piece. */
const JOIN_AT = 128;

/** Collects text that arrives in small pieces, at a small constant cost per piece. */
class TextAccumulator {
  private text = '';
  private pieces: string[] = [];
  /** Characters (UTF-16 units) so far. */
  length = 0;
  /** Bytes of UTF-8 so far. */
  bytes = 0;

  append(piece: string): void {
    this.length += piece.length;
    this.bytes += Buffer.byteLength(piece);
    this.pieces.push(piece);
    if (this.pieces.length >= JOIN_AT) this.compact();
  }

  replace(text: string): void {
    this.text = text;
    this.length = text.length;
    this.bytes = Buffer.byteLength(text);
    this.pieces = [];
  }

  toString(): string {
    this.compact();

    return this.text;
  }

  private compact(): void {
    if (this.pieces.length === 0) return;
    this.text = this.text === '' ? this.pieces.join('') : this.text + this.pieces.join('');
    this.pieces = [];
  }
}

/** The parts of an answer received so far: text, reasoning, usage and extras. */
export class AnswerAccumulator {
  usage: Usage | undefined;
  /** Whether text was cut because there was no more room for it. */
  isFull = false;
  private readonly content = new TextAccumulator();
  private readonly reasoning = new TextAccumulator();
  private extras: AnswerExtras = {};

  /** @param maxBytes of text and reasoning together, in UTF-8 */
  constructor(private readonly maxBytes: number) {}

  /** Characters of text and reasoning. */
  get length(): number {
    return this.content.length + this.reasoning.length;
  }

  clear(): void {
    this.set({ content: '', reasoning: '' });
    this.usage = undefined;
  }

  set({ content, reasoning, extras = {} }: Pick<Snapshot, 'content' | 'reasoning' | 'extras'>): void {
    this.content.replace(content);
    this.reasoning.replace(reasoning);
    this.extras = extras;
    this.isFull = false;
  }

  /** Returns an event with as much of its text as there is room for. */
  fit<Event extends ChatEvent>(event: Event): Event {
    if (event.type !== 'content' && event.type !== 'reasoning' && event.type !== 'replace') return event;
    const room = this.maxBytes - this.reasoning.bytes - (event.type === 'replace' ? 0 : this.content.bytes);
    if (Buffer.byteLength(event.content) <= room) return event;
    this.isFull = true;

    return { ...event, content: beginningOf(event.content, Math.max(0, room)) };
  }

  /** Applies an event of a provider. */
  apply(event: ChatEvent): void {
    switch (event.type) {
      case 'content':
        return this.content.append(event.content);
      case 'reasoning':
        return this.reasoning.append(event.content);
      case 'replace':
        return this.content.replace(event.content);
      case 'usage': {
        const { type: _type, ...usage } = event;
        this.usage = usage;

        return;
      }
      default:
        this.extras = withExtra(this.extras, event);
    }
  }

  whole(): Pick<Snapshot, 'content' | 'reasoning' | 'extras'> {
    return { content: this.content.toString(), reasoning: this.reasoning.toString(), extras: this.extras };
  }

  /** Returns the answer as its subtask stores it. */
  result(): SubtaskResult {
    return resultOf(this.whole(), this.usage);
  }
}

/** Returns as many whole characters of a text as `maxBytes` of UTF-8 have room for. */
function beginningOf(text: string, maxBytes: number): string {
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(maxBytes));

  return text.slice(0, read);
}

/** Returns an answer as its subtask stores it, without open forms. */
export function resultOf(
  { content, reasoning, extras = {} }: Pick<Snapshot, 'content' | 'reasoning' | 'extras'>,
  usage?: Usage,
): SubtaskResult {
  const { forms: _forms, ...kept } = extrasOf(extras);

  return { value: content, ...(reasoning !== '' && { reasoning }), ...(usage && { usage }), ...kept };
}

/** Returns the answer of a stored result. */
export function answerOf(result: SubtaskResult | null): Pick<Snapshot, 'content' | 'reasoning' | 'extras'> {
  const { value = '', reasoning = '', ...rest } = result ?? {};

  return { content: value, reasoning, extras: extrasOf(rest) };
}
