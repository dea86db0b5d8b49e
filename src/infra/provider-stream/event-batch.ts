import type { EventSourceMessage } from 'eventsource-parser';
import type { ProviderEvent, Usage } from '../../common/chat-event.js';

/**
 * Collects what one network read brought. Neighbouring deltas of one kind become one event here, at once, so that
 * everything downstream (numbering, log, SSE) pays per read and not per token.
 */
export class EventBatch {
  private events: ProviderEvent[] = [];
  private kind: 'content' | 'reasoning' = 'content';
  private text = '';

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
    this.flush();
    this.events.push(event);
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
    if (kind !== this.kind) {
      this.flush();
      this.kind = kind;
    }
    this.text += text;
  }

  private flush(): void {
    if (this.text === '') return;
    this.events.push({ type: this.kind, content: this.text });
    this.text = '';
  }
}

/** Turns one provider's events into the project's. Pure and stateful: one object per reply. */
export interface AnswerMapper {
  /** An event that was more than a ping has come: the model is at work. */
  readonly started: boolean;
  /** The `finish` event was given: whatever follows is ignored. */
  readonly finished: boolean;
  /** Throws an `AppError` when the event says that the answer failed. */
  push(event: EventSourceMessage, batch: EventBatch): void;
  /** A reply that came whole, as JSON, although a stream was asked for. */
  pushWhole(reply: unknown, batch: EventBatch): void;
  /** The body is over, orderly or not: finishes the answer, or throws `provider_truncated` when it is not whole. */
  end(batch: EventBatch): void;
}

/** Counts as a provider gave them; whatever it left out is undefined. */
export interface TokenCounts {
  input: number | undefined;
  output: number | undefined;
  total?: number | undefined;
  reasoning?: number | undefined;
  cached?: number | undefined;
  cost?: number | undefined;
  currency?: string | undefined;
}

/** Undefined when the provider counted nothing: zeros would be a claim. */
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
