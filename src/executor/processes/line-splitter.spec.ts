import { expect, it } from '@jest/globals';
import { LineSplitter } from './line-splitter.js';

it('splits bytes into lines, and skips those that are too long', () => {
  const lines: string[] = [];
  let skipped = 0;
  const splitter = new LineSplitter(
    (line) => lines.push(line),
    10,
    () => (skipped += 1),
  );
  const bytes = Buffer.from('one\r\n\n  \nzwölf😀\nthis one is too long\nlast');
  for (const byte of bytes) splitter.write(Buffer.from([byte]));
  splitter.end();
  expect(lines).toEqual(['one', 'zwölf😀', 'last']);
  expect(skipped).toBe(1);
});
