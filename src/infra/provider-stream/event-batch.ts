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
