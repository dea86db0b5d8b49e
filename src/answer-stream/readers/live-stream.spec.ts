import { beforeEach, describe, expect, it } from '@jest/globals';
import type { FrameBatch } from '../log/frames.js';
import { LiveStream } from './live-stream.js';

const SIZE = 1000;

function batch(first: number, last = first, more: Partial<FrameBatch> = {}): FrameBatch {
  const text = Array.from({ length: last - first + 1 }, (_, index) => `${first + index}${'.'.repeat(SIZE)}\n\n`).join(
    '',
  );

  return { first, last, text, terminal: false, selfContained: false, ...more };
}

describe('LiveStream', () => {
  let stream: LiveStream;

  beforeEach(() => {
    stream = new LiveStream(1);
    stream.local = true;
    stream.head = 0;
  });

  it('gives a reader all it misses, in one batch', () => {
    for (const seq of [1, 2, 3]) stream.push(batch(seq));
    expect(stream.readAfter(0)).toMatchObject({ first: 1, last: 3 });
    expect(stream.readAfter(2)).toMatchObject({ first: 3, last: 3 });
    expect(stream.readAfter(3)).toBeNull();
  });

  it('cuts a batch in the middle of which a reader stands', () => {
    stream.push(batch(1, 4));
    expect(stream.readAfter(2)).toMatchObject({ first: 3, last: 4, text: batch(3, 4).text });
  });

  it('ignores what it has already', () => {
    stream.push(batch(1));
    stream.push(batch(1));
    expect(stream.readAfter(0)).toMatchObject({ first: 1, last: 1 });
  });

  it('lets go of logged events only, and then sends far readers to the log', () => {
    for (let seq = 1; seq <= 40; seq += 1) stream.push(batch(seq));
    expect(stream.readAfter(0)).toMatchObject({ first: 1, last: 40 });
    stream.confirm(40);
    expect(stream.readAfter(0)).toBeNull();
    expect(stream.readAfter(39)).toMatchObject({ first: 40 });
  });

  it('discards its events, and accepts lower numbers, when their log was begun again', () => {
    const remote = new LiveStream(1);
    expect(remote.enterLog('100')).toBe(false);
    remote.push(batch(1, 30));
    expect([remote.enterLog('100'), remote.enterLog(null), remote.generation]).toEqual([false, false, 0]);
    expect([remote.enterLog('200'), remote.generation]).toEqual([true, 1]);
    remote.push(batch(1, 1, { selfContained: true }));

    expect(remote.readAfter(0)).toMatchObject({ first: 1, last: 1 });
  });

  it('serves any reader from a batch that stands for all before it', () => {
    stream.push(batch(1));
    stream.confirm(1);
    const far = new LiveStream(1);
    far.push(batch(50, 50, { selfContained: true }));
    expect(far.readAfter(3)).toMatchObject({ first: 50 });
  });

  it('tells all readers of an event, also one that leaves at once', () => {
    const told: string[] = [];
    const listeners = ['a', 'b', 'c'].map((name) => ({
      changed: () => {
        told.push(name);
        if (name !== 'a')
          stream.removeListener(listeners.find((_, index) => 'abc'[index] === name) ?? { changed: () => undefined });
      },
    }));
    for (const listener of listeners) stream.addListener(listener);
    stream.push(batch(1));
    expect(told.toSorted()).toEqual(['a', 'b', 'c']);
    stream.push(batch(2));
    expect(told.slice(3)).toEqual(['a']);
  });

  it('sends everybody back to the log when another owner has taken over', () => {
    stream.push(batch(1));
    stream.confirm(1);
    stream.push(batch(2));
    const before = stream.generation;
    stream.rewind();
    expect(stream).toMatchObject({ head: -1, local: false, rewindTo: 1, generation: before + 1 });
    expect(stream.readAfter(0)).toBeNull();
  });

  it('knows whether it was silent since it was asked', () => {
    expect(stream.wasSilent()).toBe(true);
    stream.push(batch(1));
    expect(stream.wasSilent()).toBe(false);
    expect(stream.wasSilent()).toBe(true);
  });
});
