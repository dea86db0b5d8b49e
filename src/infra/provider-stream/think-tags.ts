import type { ModelParameters } from '../../common/chat-provider.js';
import type { EventBatch } from './event-batch.js';

const OPEN = '<think>';
const CLOSE = '</think>';

/**
 * Separates the reasoning from answers of models that write it as `<think>…</think>` into their content (practice of
 * local servers without a reasoning parser). Tags may be split over chunks, and some chat templates put the opening
 * one into the prompt, so that only `</think>` comes (`implicit`).
 */
export class ThinkTags {
  private state: 'start' | 'reasoning' | 'gap' | 'text';
  /** Text of unknown kind: the beginning of a tag, or blank text around one. */
  private buffered = '';
  /** For `implicit` without a tag so far: text that may be the answer. */
  private unopened: string | null;

  constructor(mode: NonNullable<ModelParameters['thinkTag']>) {
    this.state = mode === 'off' ? 'text' : 'start';
    this.unopened = mode === 'implicit' ? '' : null;
  }

  push(text: string, batch: EventBatch): void {
    if (this.state === 'text') return batch.content(text);
    this.buffered += text;
    if (this.state === 'start') this.open(batch);
    if (this.state === 'reasoning') this.close(batch);
    if (this.state === 'gap') this.skipBlank(batch);
  }

  /** Emits the buffered rest at the end of the answer. */
  end(batch: EventBatch): void {
    if (this.state === 'start') batch.content(this.buffered);
    if (this.state === 'reasoning') this.reason(this.buffered, batch);
    // Without any tag, the text that was shown as reasoning is the answer.
    if (this.state === 'reasoning' && this.unopened !== null) batch.content(this.unopened);
    this.buffered = '';
    this.state = 'text';
  }

  private open(batch: EventBatch): void {
    const begin = this.buffered.trimStart();
    if (begin.startsWith(OPEN)) {
      this.buffered = begin.slice(OPEN.length);
      this.unopened = null;
      this.state = 'reasoning';
    } else if (OPEN.startsWith(begin)) {
      return;
    } else if (this.unopened !== null) {
      this.state = 'reasoning';
    } else {
      batch.content(this.buffered);
      this.buffered = '';
      this.state = 'text';
    }
  }

  private close(batch: EventBatch): void {
    const at = this.buffered.indexOf(CLOSE);
    const end = at >= 0 ? at : this.buffered.length - partialTag(this.buffered, CLOSE);
    this.reason(this.buffered.slice(0, end), batch);
    this.buffered = this.buffered.slice(at >= 0 ? at + CLOSE.length : end);
    if (at >= 0) this.state = 'gap';
  }

  /** The blank lines between reasoning and answer belong to neither. */
  private skipBlank(batch: EventBatch): void {
    const text = this.buffered.trimStart();
    this.buffered = '';
    if (text === '') return;
    batch.content(text);
    this.state = 'text';
  }

  private reason(text: string, batch: EventBatch): void {
    if (text === '') return;
    if (this.unopened !== null) this.unopened += text;
    batch.reasoning(text);
  }
}

/** Returns how many characters at the end of `text` may be the beginning of `tag`. */
function partialTag(text: string, tag: string): number {
  for (let length = Math.min(text.length, tag.length - 1); length > 0; length--) {
    if (text.endsWith(tag.slice(0, length))) return length;
  }
  return 0;
}
