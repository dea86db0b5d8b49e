import type { EventSourceMessage } from 'eventsource-parser';
import type { ProviderEvent, Usage } from '../../common/contracts/chat-event.js';
import { asStorable, storableText } from '../../common/text/storable.js';
import { isHighSurrogate } from '../../common/text/text-cut.js';

/**
 * Collects the events of one network read. Consecutive deltas of one kind become one event, so that everything
 * downstream (numbering, log, SSE) costs per read and not per token. Every text leaves it in whole characters: a half at
 * the end of a delta waits for the other one, and what stays a half becomes U+FFFD, as does NUL.
 */
export class EventBatch {
  private events: ProviderEvent[] = [];
  private kind: 'content' | 'reasoning' = 'content';
  private text = '';
  /** The first half of a character, whose other half comes with the next delta of the kind. */
  private half = '';

  get isEmpty(): boolean {
    return this.text === '' && this.events.length === 0;
  }

  content(text: string): void {
    this.append('content', text);
  }

  reasoning(text: string): void {
    this.append('reasoning', text);
  }

  add(event: ProviderEvent): void {
    if (event.type === 'finish') this.endHalf();
    else if (event.type === 'replace' && this.kind === 'content') this.half = '';
    this.flush();
    this.events.push(asStorable(event));
  }

  usage(usage: Usage): void {
    this.add({ type: 'usage', ...usage });
  }

  /** Returns the events so far, in their order, and empties the batch. */
  drain(): ProviderEvent[] {
    this.flush();
    const events = this.events;
    this.events = [];

    return events;
  }

  private append(kind: 'content' | 'reasoning', text: string): void {
    if (text === '') return;
    if (kind !== this.kind) {
      this.endHalf();
      this.flush();
      this.kind = kind;
    }
    const whole = this.half + text;
    const end = isHighSurrogate(whole.charCodeAt(whole.length - 1)) ? whole.length - 1 : whole.length;
    this.half = whole.slice(end);
    this.text += whole.slice(0, end);
  }

  /** No other half comes. */
  private endHalf(): void {
    this.text += this.half;
    this.half = '';
  }

  private flush(): void {
    if (this.text === '') return;
    this.events.push({ type: this.kind, content: storableText(this.text) });
    this.text = '';
  }
}

/** Turns one provider's events into the project's. Pure and stateful: one object per reply. */
export interface AnswerMapper {
  /** Whether an event other than a ping has arrived: the model is at work. */
  readonly started: boolean;
  /** Whether `finish` was emitted: later events are ignored. */
  readonly finished: boolean;
  /**
   * Not 0 once the provider has said that the answer is over, and only formalities may follow, for which a short silence
   * is waited. Another number when that wait begins anew.
   */
  readonly announced?: number;
  /** Whether the answer may be taken for complete if nothing more comes. */
  readonly whole?: boolean;
  /** The token counts that have arrived. */
  readonly usage?: Usage | undefined;
  /** Maps an event of the provider. @throws AppError when the answer has failed */
  push(event: EventSourceMessage, batch: EventBatch): void;
  /** Maps a reply that arrived as JSON in place of a stream. */
  pushWhole(reply: unknown, batch: EventBatch): void;
  /** Emits text that waits for more to be understood, because the answer has failed. */
  flush?(batch: EventBatch): void;
  /** Finishes the answer at the end of its body. @throws AppError provider_truncated when it is incomplete */
  end(batch: EventBatch): void;
}

/** Counts as a provider sends them; undefined where it sends none. */
interface TokenCounts {
  input: number | undefined;
  output: number | undefined;
  total?: number | undefined;
  reasoning?: number | undefined;
  cached?: number | undefined;
  cost?: number | undefined;
  currency?: string | undefined;
}

/** Converts counts to usage; undefined when the provider sent no counts, because zeros would be wrong. */
export function toUsage({ input, output, total, reasoning, cached, cost, currency }: TokenCounts): Usage | undefined {
  if (input === undefined && output === undefined) return undefined;
  const usage: Usage = { input_tokens: input ?? 0, output_tokens: output ?? 0, total_tokens: 0 };
  usage.total_tokens = total ?? usage.input_tokens + usage.output_tokens;
  if (reasoning !== undefined) usage.reasoning_tokens = reasoning;
  if (cached !== undefined) usage.cached_tokens = cached;
  if (cost !== undefined) usage.cost = cost;
  if (cost !== undefined && currency !== undefined) usage.currency = currency;

  return usage;
}
