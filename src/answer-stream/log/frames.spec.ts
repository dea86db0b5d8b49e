import { describe, expect, it } from '@jest/globals';
import { type FrameBatch, batchAfter, frame, joinBatches, parseEventId } from './frames.js';

function batch(first: number, last: number, more: Partial<FrameBatch> = {}): FrameBatch {
  const events = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  const text = events.map((seq) => frame(7, seq, { type: 'content', content: `${seq}\n\n` })).join('');

  return { first, last, text, terminal: false, selfContained: false, ...more };
}

describe('frame', () => {
  it('is one id line, one data line and a blank line, whatever the text holds', () => {
    expect(frame(7, 3, { type: 'content', content: 'a\r\n\nb' })).toBe(
      'id: 7-3\ndata: {"type":"content","content":"a\\r\\n\\nb"}\n\n',
    );
  });
});

describe('batchAfter', () => {
  it('cuts what was received already', () => {
    const rest = batchAfter(batch(3, 6), 4);
    expect(rest).toMatchObject({ first: 5, last: 6 });
    expect(rest?.text).toBe(batch(5, 6).text);
  });

  it('leaves a batch alone that is new, and nothing of an old one', () => {
    expect(batchAfter(batch(3, 6), 2)?.text).toBe(batch(3, 6).text);
    expect(batchAfter(batch(3, 6), 6)).toBeNull();
  });
});

describe('joinBatches', () => {
  it('keeps the order, the start of the first and the end of the last', () => {
    const joined = joinBatches([batch(1, 2, { selfContained: true }), batch(3, 3), batch(4, 5, { terminal: true })]);
    expect(joined).toEqual(batch(1, 5, { terminal: true, selfContained: true }));
  });

  it('refuses to join nothing', () => {
    expect(() => joinBatches([])).toThrow(RangeError);
  });
});

describe('parseEventId', () => {
  it.each([
    ['7-12', 12],
    ['7-0', 0],
    ['8-12', 0],
    ['7-', 0],
    ['7-1x', 0],
    ['-7-1', 0],
    ['7-12345678901', 0],
    ['', 0],
    [undefined, 0],
  ])('%s is %d', (value, seq) => {
    expect(parseEventId(value, 7)).toBe(seq);
  });
});
