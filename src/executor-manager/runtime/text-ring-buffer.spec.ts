import { describe, expect, it } from '@jest/globals';
import { TextRingBuffer } from './text-ring-buffer.js';

function printed(half: number, ...chunks: string[]): TextRingBuffer {
  const text = new TextRingBuffer(half);
  for (const chunk of chunks) text.add(Buffer.from(chunk));

  return text;
}

describe('TextRingBuffer', () => {
  it('keeps what fits as it is', () => {
    expect(printed(4, 'abc', 'def', 'gh').toString()).toBe('abcdefgh');
  });

  it('keeps both ends of the rest, and tells how much is missing', () => {
    const text = printed(4, 'abc', 'defg', 'hijk', 'lmnopq');

    expect(text.toString()).toBe('abcd\n… 9 bytes …\nnopq');
    expect(text.bytes).toBe(17);
  });

  it('takes one chunk of any size', () => {
    expect(printed(2, 'x'.repeat(1_000_000)).toString()).toBe('xx\n… 999996 bytes …\nxx');
  });

  it('is text that can be stored, characters cut in two included', () => {
    const text = printed(4, 'aé', 'é\0');

    expect(text.toString()).toBe('aéé\uFFFD');
    expect(printed(2, 'aéz', 'éb').toString()).toContain('\uFFFD');
  });
});
