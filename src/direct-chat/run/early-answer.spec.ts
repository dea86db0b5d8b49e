import { describe, expect, it } from '@jest/globals';
import type { ProviderEvent } from '../../common/chat-event.js';
import { EarlyAnswer } from './early-answer.js';

type Batch = readonly ProviderEvent[];

const part = (content: string): Batch => [{ type: 'content', content }];

/** Gives the parts, and tells how far it came and whether it was closed. */
class Answer implements AsyncIterable<Batch> {
  given = 0;
  closed = false;

  constructor(private readonly parts: string[]) {}

  async *[Symbol.asyncIterator](): AsyncGenerator<Batch> {
    try {
      for (const text of this.parts) {
        await Promise.resolve();
        this.given += 1;
        yield part(text);
      }
    } finally {
      this.closed = true;
    }
  }
}

async function read(answer: AsyncIterable<Batch>): Promise<Batch[]> {
  const batches: Batch[] = [];
  for await (const batch of answer) batches.push(batch);

  return batches;
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('EarlyAnswer', () => {
  it('is asked for before it is read, and gives every part once', async () => {
    const answer = new Answer(['a', 'b', 'c']);
    const early = new EarlyAnswer(() => Promise.resolve(answer));
    await turn();
    expect(answer.given).toBe(1);
    expect(await read(early)).toEqual(['a', 'b', 'c'].map(part));
    expect(answer.closed).toBe(true);
  });

  it('tells its reader why it failed', async () => {
    const early = new EarlyAnswer(() => Promise.reject(new Error('no model')));
    await turn();
    await expect(read(early)).rejects.toThrow('no model');
  });

  it('closes the connection when its reader turns away, or never comes', async () => {
    const left = new Answer(['a', 'b']);
    for await (const _batch of new EarlyAnswer(() => Promise.resolve(left))) break;
    expect(left.closed).toBe(true);
    const never = new Answer(['a', 'b']);
    await new EarlyAnswer(() => Promise.resolve(never)).return();
    expect([never.given, never.closed]).toEqual([1, true]);
  });
});
