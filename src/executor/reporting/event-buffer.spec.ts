import { describe, expect, it } from '@jest/globals';
import { EventBuffer } from './event-buffer.js';
import type { LiveEvent } from './live-event.js';

const content = (text: string): LiveEvent => ({ type: 'content', content: text });
const step = (id: string, status: 'running' | 'succeeded'): LiveEvent => ({
  ...{ type: 'step', step_id: id, kind: 'tool', title: id, status },
});

/** A buffer, and the text that its snapshot has. */
function bufferOf(text = 'the whole text') {
  return new EventBuffer((withReasoning) => [
    ...(withReasoning ? [{ type: 'reasoning' as const, content: 'all reasoning' }] : []),
    { type: 'replace', content: text },
  ]);
}

describe('EventBuffer', () => {
  it('numbers events without gaps, and joins those that go on', () => {
    const buffer = bufferOf();
    for (const event of [content('a'), content('b'), step('1', 'running'), step('1', 'succeeded'), content('c')]) {
      buffer.add(event);
    }
    const { first, events } = buffer.nextBatch();
    expect([first, events]).toEqual([1, [content('ab'), step('1', 'succeeded'), content('c')]]);
    buffer.settle(3);
    buffer.add(content('d'));
    expect(buffer.nextBatch()).toEqual({ first: 4, events: [content('d')] });
  });

  it('repeats a batch unchanged until it has arrived', () => {
    const buffer = bufferOf();
    buffer.add(content('a'));
    const batch = buffer.nextBatch();
    buffer.add(content('b'));
    expect(buffer.nextBatch()).toBe(batch);
    expect(buffer.isEmpty).toBe(false);
    buffer.settle(1);
    expect(buffer.nextBatch().events).toEqual([content('b')]);
  });

  it('goes on where the API is, if it has part of a batch', () => {
    const buffer = bufferOf();
    buffer.add(step('1', 'running'));
    buffer.add(step('2', 'running'));
    buffer.nextBatch();
    buffer.add(step('3', 'running'));
    buffer.settle(1);
    expect(buffer.nextBatch()).toEqual({ first: 2, events: [step('2', 'running'), step('3', 'running')] });
  });

  it('sends the whole answer when the API has lost events, or knows more of them', () => {
    const buffer = bufferOf();
    buffer.add(content('a'));
    buffer.nextBatch();
    buffer.settle(7);
    expect(buffer.nextBatch()).toEqual({ first: 8, events: [{ type: 'replace', content: 'the whole text' }] });
    buffer.settle(8);
    buffer.nextBatch();
    buffer.settle(0);
    expect(buffer.nextBatch()).toMatchObject({ first: 1, events: [{ type: 'reasoning' }, { type: 'replace' }] });
  });

  it('cuts batches and long texts', () => {
    const buffer = bufferOf();
    buffer.add(content('x'.repeat(1_000_000)));
    const sizes: number[] = [];
    for (let last = 0; !buffer.isEmpty;) {
      const { events } = buffer.nextBatch();
      sizes.push(Buffer.byteLength(JSON.stringify(events)));
      last += events.length;
      buffer.settle(last);
    }
    expect(Math.max(...sizes)).toBeLessThan(512 * 1024);
    for (let index = 0; index < 300; index += 1) buffer.add(step(String(index), 'running'));
    expect(buffer.nextBatch().events).toHaveLength(256);
  });

  it('keeps a bounded number of bytes', () => {
    const buffer = bufferOf('short');
    for (let index = 0; index < 300; index += 1) buffer.add(content('x'.repeat(30_000)));
    const { events } = buffer.nextBatch();
    expect(events[0]).toEqual({ type: 'replace', content: 'short' });
  });
});
