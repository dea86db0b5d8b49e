import { describe, expect, it } from '@jest/globals';
import { BlockSplitter, splitBlocks } from './block-splitter';

const SAMPLE = [
  '# Title',
  '',
  'A paragraph with **bold** text,',
  'on two lines.',
  '',
  'Setext',
  '===',
  '',
  '- one',
  '- two',
  '',
  '  still two',
  '',
  '- three',
  '',
  '```ts',
  'const a = 1;',
  '',
  '# no title',
  '```',
  '',
  '| a | b |',
  '| --- | --- |',
  '| 1 | 2 |',
  '',
  '$$',
  'x = 1',
  '',
  'y = 2',
  '$$',
  '',
  '\\[',
  'a',
  '',
  'b',
  '\\]',
  '',
  '> a quote',
  'goes on',
  '',
  '    indented',
  '',
  '    more',
  '',
  '<details>',
  '<summary>x</summary>',
  '',
  'inside',
  '',
  '</details>',
  '',
  '~~~',
  'open fence',
].join('\n');

const texts = (text: string) => splitBlocks(text).map((block) => block.text.trimEnd());

describe('BlockSplitter', () => {
  it.each([1, 3, 7, 40])('splits a text that comes in pieces of %i as it splits each of its prefixes', (size) => {
    const splitter = new BlockSplitter();
    for (let end = size; end < SAMPLE.length + size; end += size) {
      const prefix = SAMPLE.slice(0, end);
      expect(splitter.update(prefix)).toEqual(splitBlocks(prefix));
    }
  });

  it('keeps finished blocks the same objects', () => {
    const splitter = new BlockSplitter();
    const before = splitter.update(SAMPLE.slice(0, 120));
    const after = splitter.update(SAMPLE);
    expect(after[0]).toBe(splitter.update(SAMPLE)[0]);
    expect(after[0]).toEqual(before[0]);
  });

  it('begins anew when the text is another one', () => {
    const splitter = new BlockSplitter();
    splitter.update(SAMPLE);
    expect(splitter.update('Other\n\ntext')).toEqual(splitBlocks('Other\n\ntext'));
    expect(splitter.update('')).toEqual([]);
  });

  it('knows the language of a fence, and whether it has ended', () => {
    expect(splitBlocks('```TS {1,2}\na\n')).toEqual([{ kind: 'code', text: 'a', language: 'ts', isClosed: false }]);
    expect(splitBlocks('```\na\n```')).toEqual([{ kind: 'code', text: 'a', language: '', isClosed: true }]);
    expect(splitBlocks('````\n```\n```')[0]).toMatchObject({ isClosed: false });
  });

  it('keeps display maths with blank lines in one block', () => {
    expect(texts('$$\na\n\nb\n$$\n\nafter')).toEqual(['$$\na\n\nb\n$$', 'after']);
    expect(texts('\\[\na\n\nb')).toEqual(['\\[\na\n\nb']);
  });

  it('reads the line ends of every system', () => {
    expect(texts('a\r\n\r\nb\rc')).toEqual(['a', 'b\nc']);
  });

  it.each([
    ['quotes', '>'.repeat(20_000) + ' deep'],
    ['brackets', '['.repeat(50_000)],
    ['images', '![](a'.repeat(20_000)],
    ['stars', '*'.repeat(50_000) + 'a'],
    ['bullets', '- '.repeat(5_000) + 'deep'],
    ['one line of 200 KB', 'x'.repeat(200_000)],
  ])('shows %s as they are', (_name, text) => {
    expect(splitBlocks(text)).toEqual([{ kind: 'plain', text }]);
  });
});
