import type { ModelParameters } from '../../../common/contracts/chat-provider.js';
import { TextAccumulator } from '../../../common/text/text-accumulator.js';
import type { EventBatch } from '../event-batch.js';
import { beginsChannel, ChannelMarks } from './channel-marks.js';
import {
  closesAlone,
  type CloseMark,
  isUndecided,
  type Mark,
  MARK_START,
  markOf,
  opensBlock,
  partialClose,
  unopenedClose,
} from './think-marks.js';

/** gpt-oss behind a server that removes special tokens: the names of the channels remain. */
const BARE_ANALYSIS = /^analysis(?=[A-Z])/;
const BARE_FINAL: CloseMark = { pattern: /assistantfinal/, text: 'assistantfinal' };

/** Marks inside of an answer that are looked at, because each look reads all of the answer. */
const MAX_JUDGED = 100;

/** A block of reasoning that is open. */
interface Block {
  close: CloseMark;
  /** Its opening mark as written; empty when it had none. */
  open: string;
  text: TextAccumulator;
  /** Last character of its text. */
  last: string;
  /** Whether the answer had not begun before it. */
  leads: boolean;
}

/**
 * Separates the reasoning from answers of models that write it between marks into their content: `<think>…</think>` and
 * its many relatives, which may be split over chunks. A block stands at the beginning of the answer or of a line, outside
 * of code; anything else is a word of the answer. Some chat templates put the opening mark into the prompt, so that only
 * `</think>` comes: what was said before it becomes reasoning then (`replace` empties the answer), or is reasoning from
 * the start (`implicit`).
 */
export class ThinkTags {
  private state: 'start' | 'reasoning' | 'gap' | 'text' | 'channels' | 'off';
  /** Text of unknown kind: the beginning of a mark, or blank text around one. */
  private buffered = '';
  /** The answer so far. */
  private readonly said = new TextAccumulator();
  private block: Block | null = null;
  /** Reasoning that had no opening mark: the answer, if no other comes. */
  private unopened = '';
  private hasBlocks = false;
  /** Marks that stood in the answer as words, and whose closing ones do so as well. */
  private mentions = 0;
  private judged = 0;
  private readonly channels = new ChannelMarks();

  constructor(private readonly mode: NonNullable<ModelParameters['thinkTag']> = 'auto') {
    this.state = mode === 'off' ? 'off' : 'start';
  }

  push(text: string, batch: EventBatch): void {
    if (this.state === 'off') return batch.content(text);
    if (this.state === 'channels') return this.channels.push(text, batch);
    if (this.state === 'text' && this.buffered === '' && !MARK_START.test(text)) return this.say(text, batch);
    this.buffered += text;
    this.advance(batch, false);
  }

  /** Emits the buffered rest at the end of the answer. @param cut whether the model was stopped before it had finished */
  end(batch: EventBatch, cut = false): void {
    if (this.state === 'channels') return this.channels.end(batch, cut);
    if (this.state !== 'off') this.advance(batch, true);
    if (this.block) this.endBlock(this.block, batch, cut);
    else if (this.unopened !== '' && this.said.length === 0 && !cut) this.say(this.unopened.trim(), batch);
    this.block = null;
  }

  private advance(batch: EventBatch, ending: boolean): void {
    while (this.step(batch, ending));
  }

  /** @returns whether the state has changed, so that the rest of the text is read anew */
  private step(batch: EventBatch, ending: boolean): boolean {
    switch (this.state) {
      case 'start':
      case 'gap':
        return this.onBegin(batch, ending);
      case 'reasoning':
        return this.onReasoning(batch, ending);
      case 'text':
        return this.onText(batch, ending);
      default:
        return false;
    }
  }

  /** At the beginning of the answer, or behind a block: the blank lines around blocks belong to neither. */
  private onBegin(batch: EventBatch, ending: boolean): boolean {
    const begin = this.buffered.trimStart();
    const isStart = this.state === 'start';
    if (begin === '') return isStart && ending && this.become('text');
    if (isStart && beginsChannel(begin) !== false) return this.onChannel(begin, batch, ending);
    const mark = markOf(begin);
    if (!ending && (mark === 'partial' || isBareBegin(begin, isStart))) return false;
    if (mark && mark !== 'partial') return this.onFirstMark(mark, begin.slice(mark.text.length));

    return isStart ? this.onFirstText(begin) : this.become('text', begin);
  }

  private onFirstMark({ text, close }: Mark, rest: string): boolean {
    return close ? this.openBlock(close, text, rest) : this.become('gap', rest);
  }

  private onFirstText(begin: string): boolean {
    if (BARE_ANALYSIS.test(begin)) return this.openBlock(BARE_FINAL, '', begin.slice('analysis'.length));

    return this.mode === 'implicit' ? this.openBlock(unopenedClose(), '', this.buffered) : this.become('text');
  }

  private onChannel(begin: string, batch: EventBatch, ending: boolean): boolean {
    if (beginsChannel(begin) === 'partial') return ending && this.become('text');
    this.state = 'channels';
    this.buffered = '';
    this.channels.push(begin, batch);
    if (ending) this.channels.end(batch, false);

    return false;
  }

  private onReasoning(batch: EventBatch, ending: boolean): boolean {
    const { block } = this;
    if (!block) return false;
    const found = block.close.pattern.exec(this.buffered);
    const kept = ending ? 0 : partialClose(this.buffered, block.close);
    const end = found ? found.index : this.buffered.length - kept;
    const text = this.buffered.slice(0, end);
    append(block, text, batch);
    this.buffered = this.buffered.slice(end);
    if (!found) return false;
    // Between backticks it is spoken of.
    if (block.last === '`') {
      const next = this.buffered.charAt(found[0].length);
      if (next === '' && !ending) return false;
      if (next === '`') return this.keepWord(block, found[0].length + 1, batch);
    }
    if (block.open === '') this.unopened = block.text.toString();
    this.block = null;

    return this.become('gap', this.buffered.slice(found[0].length));
  }

  private keepWord(block: Block, length: number, batch: EventBatch): boolean {
    append(block, this.buffered.slice(0, length), batch);
    this.buffered = this.buffered.slice(length);

    return true;
  }

  private onText(batch: EventBatch, ending: boolean): boolean {
    let at = this.buffered.search(MARK_START);
    for (; at >= 0; at = this.nextMark(at)) {
      const rest = this.buffered.slice(at);
      const mark = markOf(rest);
      if (isUndecided(rest, mark) && !ending) break;
      if (mark && mark !== 'partial' && this.onMark(mark, at, batch)) return true;
    }
    const end = at < 0 ? this.buffered.length : at;
    this.say(this.buffered.slice(0, end), batch);
    this.buffered = this.buffered.slice(end);

    return false;
  }

  private nextMark(at: number): number {
    const next = this.buffered.slice(at + 1).search(MARK_START);

    return next < 0 ? -1 : at + 1 + next;
  }

  /** @returns whether the mark is one, and no word of the answer */
  private onMark({ text, close }: Mark, at: number, batch: EventBatch): boolean {
    this.judged += 1;
    if (this.judged > MAX_JUDGED) return false;
    const rest = this.buffered.slice(at + text.length);
    const before = this.said.toString() + this.buffered.slice(0, at);
    if (close && opensBlock(before)) {
      this.say(this.buffered.slice(0, at), batch);

      return this.openBlock(close, text, rest);
    }
    const mayBeLone = !close && !this.hasBlocks && this.mentions === 0;
    if (mayBeLone && closesAlone(before, rest.charAt(0))) return this.onLoneClose(at, text.length, batch);
    this.mentions = Math.max(0, this.mentions + (close ? 1 : -1));

    return false;
  }

  private onLoneClose(at: number, length: number, batch: EventBatch): boolean {
    const unopened = this.said.toString() + this.buffered.slice(0, at);
    if (this.said.length > 0) batch.add({ type: 'replace', content: '' });
    batch.reasoning(unopened);
    this.unopened = unopened;
    this.said.replace('');
    this.hasBlocks = true;

    return this.become('gap', this.buffered.slice(at + length));
  }

  private openBlock(close: CloseMark, open: string, rest: string): boolean {
    this.block = { close, open, text: new TextAccumulator(), last: '', leads: this.said.toString().trim() === '' };
    this.hasBlocks = true;

    return this.become('reasoning', rest);
  }

  /** Ends a block whose closing mark has not come: the answer stands inside, or its mark was a word. */
  private endBlock(block: Block, batch: EventBatch, cut: boolean): void {
    const { open, leads } = block;
    const text = block.text.toString();
    if (!leads) this.say(open + text, batch);
    else if (open === '' || !cut) this.say(open === '' ? text : text.trim(), batch);
  }

  private say(text: string, batch: EventBatch): void {
    if (text === '') return;
    this.said.append(text);
    batch.content(text);
  }

  private become(state: ThinkTags['state'], rest = this.buffered): true {
    this.state = state;
    this.buffered = rest;

    return true;
  }
}

function append(block: Block, text: string, batch: EventBatch): void {
  if (text === '') return;
  block.text.append(text);
  block.last = text.slice(-1);
  batch.reasoning(text);
}

function isBareBegin(begin: string, isStart: boolean): boolean {
  return isStart && begin === 'analysis';
}
