import { describe, expect, it } from '@jest/globals';
import { EventBatch } from './event-batch.js';

describe('EventBatch', () => {
  it('merges neighbours of one kind and keeps the order', () => {
    const batch = new EventBatch();
    expect(batch.isEmpty).toBe(true);
    batch.reasoning('a');
    batch.reasoning('b');
    batch.content('c');
    batch.content('d');
    batch.add({ type: 'replace', content: 'e' });
    batch.content('f');
    expect(batch.isEmpty).toBe(false);
    expect(batch.drain()).toEqual([
      { type: 'reasoning', content: 'ab' },
      { type: 'content', content: 'cd' },
      { type: 'replace', content: 'e' },
      { type: 'content', content: 'f' },
    ]);
    expect(batch.isEmpty).toBe(true);
    expect(batch.drain()).toEqual([]);
  });

  it('holds nothing for empty text', () => {
    const batch = new EventBatch();
    batch.content('');
    expect(batch.isEmpty).toBe(true);
  });
});
