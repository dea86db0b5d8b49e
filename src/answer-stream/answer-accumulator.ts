import type { ChatEvent, Usage } from '../common/contracts/chat-event.js';
import type { SubtaskResult } from '../infra/database/schema/schema.js';
import { type AnswerExtras, withExtra } from './log/answer-extras.js';
import type { Snapshot } from './log/stream-text.js';
import { resultOf } from './stored-answer.js';
import { TextAccumulator } from '../common/text/text-accumulator.js';

/** Most bytes of UTF-8 that one UTF-16 unit becomes. */
const MAX_BYTES_PER_UNIT = 3;

/** The parts of an answer received so far: text, reasoning, usage and extras. */
export class AnswerAccumulator {
  usage: Usage | undefined;
  /** Whether text was cut because there was no more room for it. */
  isFull = false;
  private readonly content = new TextAccumulator();
  private readonly reasoning = new TextAccumulator();
  /** Bytes of UTF-8. */
  private contentBytes = 0;
  private reasoningBytes = 0;
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
    this.contentBytes = Buffer.byteLength(content);
    this.reasoning.replace(reasoning);
    this.reasoningBytes = Buffer.byteLength(reasoning);
    this.extras = extras;
    this.isFull = false;
  }

  /** Returns an event with as much of its text as there is room for. */
  fit<Event extends ChatEvent>(event: Event): Event {
    if (event.type !== 'content' && event.type !== 'reasoning' && event.type !== 'replace') return event;
    const room = this.maxBytes - this.reasoningBytes - (event.type === 'replace' ? 0 : this.contentBytes);
    if (event.content.length * MAX_BYTES_PER_UNIT <= room) return event;
    if (Buffer.byteLength(event.content) <= room) return event;
    this.isFull = true;

    return { ...event, content: beginningOf(event.content, Math.max(0, room)) };
  }

  /** Applies an event of a provider. */
  apply(event: ChatEvent): void {
    switch (event.type) {
      case 'content':
        this.contentBytes += Buffer.byteLength(event.content);

        return this.content.append(event.content);
      case 'reasoning':
        this.reasoningBytes += Buffer.byteLength(event.content);

        return this.reasoning.append(event.content);
      case 'replace':
        this.contentBytes = Buffer.byteLength(event.content);

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
