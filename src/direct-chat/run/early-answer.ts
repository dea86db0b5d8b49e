import type { ProviderEvent } from '../../common/chat-event.js';

type Batch = readonly ProviderEvent[];

/** An answer that is asked for before anybody can take it, so that two waits pass at the same time. */
export class EarlyAnswer implements AsyncIterable<Batch>, AsyncIterator<Batch> {
  private iterator: AsyncIterator<Batch> | null = null;
  private first: Promise<IteratorResult<Batch>> | null;

  /** @param ask begins at once */
  constructor(ask: () => Promise<AsyncIterable<Batch>>) {
    this.first = ask().then((answer) => {
      this.iterator = answer[Symbol.asyncIterator]();

      return this.iterator.next();
    });
    // It is told to whoever takes the answer.
    this.first.catch(() => undefined);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Batch>> {
    const { first, iterator } = this;
    this.first = null;
    if (first) return first;

    return iterator ? iterator.next() : Promise.resolve({ value: undefined, done: true });
  }

  /** Nobody takes it (any more): settles when its connection is closed, which is after the first part at the latest. */
  async return(): Promise<IteratorResult<Batch>> {
    await this.first?.catch(() => undefined);
    await this.iterator?.return?.();

    return { value: undefined, done: true };
  }
}
