import type { EventBatch } from '../event-batch.js';

const MARKS = ['<|channel|>', '<|message|>', '<|start|>', '<|end|>', '<|return|>', '<|call|>', '<|constrain|>'];
const MARK = /<\|(?:channel|message|start|end|return|call|constrain)\|>/;
/** A header that is longer is none: its server has removed a mark. */
const MAX_HEADER = 200;

/** Whether a text begins with a mark of a channel. `partial` when more text decides. */
export function beginsChannel(text: string): boolean | 'partial' {
  const begins = ['<|channel|>', '<|start|>'];
  if (begins.some((mark) => text.startsWith(mark))) return true;

  return begins.some((mark) => mark.startsWith(text)) ? 'partial' : false;
}

/**
 * Separates the messages of gpt-oss models whose server passes the raw marks on (format "harmony" of OpenAI):
 * `<|channel|>analysis<|message|>…<|end|><|start|>assistant<|channel|>final<|message|>…<|return|>`. The channel `final`
 * and remarks for the user (`commentary` without a recipient) are the answer, the rest is reasoning.
 */
export class ChannelMarks {
  private buffered = '';
  /** Null while a message's body is read. */
  private header: string | null = '';
  private isAnswer = false;
  private hasAnswer = false;
  private reasoning = '';

  push(text: string, batch: EventBatch): void {
    this.buffered += text;
    for (let found = MARK.exec(this.buffered); found; found = MARK.exec(this.buffered)) {
      this.text(this.buffered.slice(0, found.index), batch);
      this.buffered = this.buffered.slice(found.index + found[0].length);
      this.mark(found[0]);
    }
    const kept = partialMark(this.buffered);
    this.text(this.buffered.slice(0, this.buffered.length - kept), batch);
    this.buffered = kept > 0 ? this.buffered.slice(-kept) : '';
  }

  /** Emits the rest. @param cut whether the model was stopped before it had finished */
  end(batch: EventBatch, cut: boolean): void {
    this.text(this.buffered, batch);
    this.buffered = '';
    // A model that has stopped by itself has said its answer, wherever it stands.
    if (!this.hasAnswer && !cut) batch.content(this.reasoning.trim());
  }

  private mark(mark: string): void {
    if (mark === '<|message|>') {
      this.isAnswer = isForUser(this.header ?? '');
      this.header = null;
    } else if (mark !== '<|constrain|>' && (mark !== '<|channel|>' || this.header === null)) {
      this.header = '';
    }
  }

  private text(text: string, batch: EventBatch): void {
    if (text === '') return;
    if (this.header !== null) {
      this.header += text;
      if (this.header.length <= MAX_HEADER) return;
      text = this.header;
      this.header = null;
    }
    if (this.isAnswer) {
      this.hasAnswer = true;
      batch.content(text);
    } else {
      this.reasoning += text;
      batch.reasoning(text);
    }
  }
}

function isForUser(header: string): boolean {
  if (/\bfinal\b/.test(header)) return true;
  if (/\bcommentary\b/.test(header)) return !header.includes('to=');

  return !/analysis/.test(header) && !header.includes('to=');
}

function partialMark(text: string): number {
  const at = text.lastIndexOf('<');
  if (at < 0) return 0;
  const rest = text.slice(at);

  return MARKS.some((mark) => mark.startsWith(rest)) ? rest.length : 0;
}
