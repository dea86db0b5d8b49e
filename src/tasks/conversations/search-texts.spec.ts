import { describe, expect, it } from '@jest/globals';
import { batchesOf, previewOf, spellingsOf } from './search-texts.js';

describe('search texts', () => {
  it('looks for one spelling of ASCII and of scripts without case, and for the usual ones of other letters', () => {
    expect(spellingsOf('Hello 100%')).toEqual(['hello 100%']);
    expect(spellingsOf('你好')).toEqual(['你好']);
    expect(spellingsOf('größe Über')).toEqual(['größe über', 'größe Über', 'grÖsse Über']);
    expect(spellingsOf('ÜBER')).toEqual(['über', 'Über']);
  });

  it('divides texts by their size, and reads a larger one alone', () => {
    const texts = [3, 4, 9, 1, 1].map((bytes, index) => ({ id: index, bytes }));

    expect(batchesOf(texts, 7)).toEqual([[0, 1], [2], [3, 4]]);
    expect(batchesOf([], 7)).toEqual([]);
  });

  it('puts a text on one line and cuts it between characters', () => {
    expect(previewOf('  a\n\n b\tc ')).toBe('a b c');
    expect(previewOf('x'.repeat(159) + '😀')).toBe('x'.repeat(159));
    expect(previewOf('字'.repeat(200))).toHaveLength(160);
  });
});
