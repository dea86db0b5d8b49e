import type { FinishReason, Source } from '../../../common/contracts/chat-event.js';
import type { ModelParameters } from '../../../common/contracts/chat-provider.js';
import type { EventBatch } from '../../../infra/provider-stream/event-batch.js';
import { ThinkTags } from '../../../infra/provider-stream/thinking/think-tags.js';
import type { ImageFile } from './message-files.js';
import type { MessageParts } from './message-parts.js';
import { addSource } from './message-sources.js';
import { ToldText } from './told-text.js';
import { UsageCounts } from './usage-counts.js';

/** Characters of all images of one answer, which are stored with it. */
const MAX_IMAGES_LENGTH = 8 * 1024 * 1024;
const TOO_LARGE = '(The model sent an image that is too large to be kept.)';

/** What came of the parts of a chunk. */
export interface Added {
  /** Text of the answer, or an image. */
  answer: boolean;
  reasoning: boolean;
}

/** Builds the events of one answer from what its provider tells, in whatever order and however often. */
export class AnswerBuilder {
  readonly usage = new UsageCounts();
  /** Raw text of the answer, marks of reasoning included. */
  readonly told = new ToldText();
  hasAnswer = false;
  hasReasoning = false;
  refused = false;
  private readonly toldReasoning = new ToldText();
  private tags: ThinkTags;
  private sources: Source[] = [];
  private readonly images = new Set<string>();
  private imagesLength = 0;

  constructor(private readonly thinkTag: ModelParameters['thinkTag'] = 'auto') {
    this.tags = new ThinkTags(thinkTag);
  }

  /** Adds a piece of the answer's text. */
  text(piece: string, batch: EventBatch): void {
    if (piece === '') return;
    const told = this.told.add(piece);
    if ('replace' in told) this.restart(told.replace, batch);
    else if (told.append !== '') this.append(told.append, batch);
  }

  /** Adds a text that may repeat the answer so far. @returns false when it does not: a piece, or another text */
  wholeText(text: string, batch: EventBatch): boolean {
    const told = this.told.addWhole(text);
    if (told && 'append' in told && told.append !== '') this.append(told.append, batch);

    return told !== null;
  }

  /** Adds a piece of reasoning that has several names: what they tell alike is told once. */
  reasoning(names: readonly string[], batch: EventBatch, isWhole = false): boolean {
    let added = false;
    for (const text of distinct(names)) {
      const told = isWhole ? this.toldReasoning.addWhole(text) : this.toldReasoning.add(text);
      const fresh = told && ('append' in told ? told.append : '');
      if (!fresh) continue;
      this.hasReasoning = true;
      added = true;
      batch.reasoning(fresh);
    }

    return added;
  }

  /** Adds all parts of a delta. */
  parts({ content, refusal, reasoning, files, sources }: MessageParts, batch: EventBatch): Added {
    const added = { answer: content !== '' || refusal !== '' || files.length > 0, reasoning: reasoning.length > 0 };
    this.reasoning(reasoning, batch);
    if (content !== '') this.text(content, batch);
    if (refusal !== '') {
      this.refused = true;
      this.hasAnswer = true;
      batch.content(refusal);
    }
    for (const file of files) this.file(file, batch);
    this.addSources(sources, batch);

    return added;
  }

  /** Adds sources; clients receive all of them whenever there is a new one. */
  addSources(sources: readonly Source[], batch: EventBatch): void {
    let changed = false;
    for (const source of sources) changed = addSource(source, this.sources) || changed;
    if (changed) batch.add({ type: 'sources', sources: this.sources.map((source) => ({ ...source })) });
  }

  /** Emits text that was kept back. */
  flush(batch: EventBatch): void {
    this.tags.end(batch, true);
  }

  /** Emits the rest of the answer, its counts and its end. */
  finish(reason: FinishReason, batch: EventBatch): void {
    this.tags.end(batch, reason !== 'stop');
    const usage = this.usage.totals();
    if (usage) batch.usage(usage);
    batch.add({ type: 'finish', finish_reason: this.refused && reason === 'stop' ? 'refusal' : reason });
  }

  private append(text: string, batch: EventBatch): void {
    this.hasAnswer = true;
    this.tags.push(text, batch);
  }

  /** Begins anew with the whole text so far. */
  private restart(text: string, batch: EventBatch): void {
    this.tags = new ThinkTags(this.thinkTag);
    batch.add({ type: 'replace', content: '' });
    this.append(text, batch);
  }

  private file({ url, mimeType }: ImageFile, batch: EventBatch): void {
    if (this.images.has(url)) return;
    this.images.add(url);
    this.imagesLength += url.length;
    this.hasAnswer = true;
    if (this.imagesLength > MAX_IMAGES_LENGTH) return batch.content(TOO_LARGE);
    const id = `image-${this.images.size}`;
    batch.add({
      type: 'file',
      file: { id, kind: 'image', url, ...(mimeType !== undefined && { mime_type: mimeType }) },
    });
  }
}

/** The texts that are not part of another one. */
function distinct(texts: readonly string[]): readonly string[] {
  if (texts.length < 2) return texts;
  const isTold = (text: string, at: number) =>
    texts.some((other, i) => i !== at && other.includes(text.trim()) && (other.length > text.length || i < at));

  return texts.filter((text, at) => !isTold(text, at));
}
