import { describe, expect, it } from '@jest/globals';
import { Demultiplexer } from './command-output.js';

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
