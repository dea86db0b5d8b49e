/** The text of an app's answer. */
import type { ProviderEvent } from '../../common/contracts/chat-event.js';
import { EventBatch } from '../../infra/provider-stream/event-batch.js';
import { ThinkTags } from '../../infra/provider-stream/thinking/think-tags.js';

/** Takes the reasoning out of an answer, and continues an answer whose beginning was shown before. */
export class DifyText {
  /** Characters so far, as the app sends them: with reasoning. */
  length = 0;
  private tags = new ThinkTags();
  /** The whole answer that is shown; null until the run was rejoined. Parts of it may have been missed. */
  private joined: string | null = null;

  /** Continues with another stream of the run, which begins with a replay. */
  rejoin(shown: string): void {
    this.joined = shown;
    this.length = shown.length;
    this.tags = new ThinkTags();
  }

  append(value: unknown, sink: EventBatch): void {
    if (typeof value !== 'string' || value === '') return;
    this.length += value.length;
    this.emit((batch) => this.tags.push(value, batch), sink);
  }

  /** Replaces the text by another. */
  replace(value: unknown, sink: EventBatch): void {
    if (typeof value !== 'string') return;
    this.length = value.length;
    this.tags = new ThinkTags();
    const content = contentOf((batch) => this.tags.push(value, batch));
    const before = this.joined;
    if (before !== null) this.joined = content;
    // A replay of what was shown already, and some more.
    if (before !== null && content.startsWith(before)) sink.content(content.slice(before.length));
    else sink.add({ type: 'replace', content });
  }

  /**
   * Ends the text.
   * @param whole the text in the outputs, if there is one: the truth for a run of which parts were missed
   * @param cut whether the app was stopped before it had finished
   */
  end(whole: string | null, sink: EventBatch, cut = false): void {
    this.emit((batch) => this.tags.end(batch, cut), sink);
    if (this.joined === null || whole === null) return;
    const content = contentOf((batch) => {
      const tags = new ThinkTags();
      tags.push(whole, batch);
      tags.end(batch);
    });
    if (content !== this.joined) sink.add({ type: 'replace', content });
  }

  private emit(write: (batch: EventBatch) => void, sink: EventBatch): void {
    if (this.joined === null) return write(sink);
    const batch = new EventBatch();
    write(batch);
    for (const event of batch.drain()) {
      this.joined = withEvent(this.joined, event);
      if (event.type === 'content') sink.content(event.content);
      else if (event.type === 'reasoning') sink.reasoning(event.content);
      else sink.add(event);
    }
  }
}

/** The text among what is written. */
function contentOf(write: (batch: EventBatch) => void): string {
  const batch = new EventBatch();
  write(batch);

  return batch.drain().reduce(withEvent, '');
}

function withEvent(text: string, event: ProviderEvent): string {
  if (event.type === 'replace') return event.content;

  return event.type === 'content' ? text + event.content : text;
}
