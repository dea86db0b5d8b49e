import { describe, expect, it } from '@jest/globals';
import { Demultiplexer, TextRingBuffer } from './command-output.js';

function frame(kind: number, text: string): Buffer {
  const header = Buffer.alloc(8);
  header[0] = kind;
  header.writeUInt32BE(Buffer.byteLength(text), 4);

  return Buffer.concat([header, Buffer.from(text)]);
}

describe('Demultiplexer', () => {
  it.each([1, 3, 7, 8, 9, 1000])('joins frames of both outputs that come %i byte(s) at a time', (size) => {
    const bytes = Buffer.concat([frame(1, 'out'), frame(2, ''), frame(2, 'err'), frame(1, 'x'.repeat(300))]);
    let text = '';
    const demultiplexer = new Demultiplexer((part) => (text += part.toString()));
    for (let at = 0; at < bytes.length; at += size) demultiplexer.write(bytes.subarray(at, at + size));

    expect(text).toBe(`outerr${'x'.repeat(300)}`);
  });
});

function printed(half: number, ...chunks: string[]): TextRingBuffer {
  const text = new TextRingBuffer(half);
  for (const chunk of chunks) text.add(Buffer.from(chunk));

  return text;
}

describe('CappedText', () => {
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
