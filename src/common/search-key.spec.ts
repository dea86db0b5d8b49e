import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { searchKey } from './search-key.js';

describe('searchKey', () => {
  it.each([
    ['Grüße an ALLE', 'grüße an alle'],
    ['Привет МИР', 'привет мир'],
    ['ΟΔΟΣ', 'οδοσ'],
    ['ＡＢＣ１２３', 'abc123'],
    ['ﬁnal ①', 'final 1'],
    ['e\u0301cole', '\u00e9cole'],
    ['I İ', 'i i\u0307'],
    ['今日は', '今日は'],
    ['100% _\\', '100% _\\'],
  ])('of %s', (text, key) => {
    expect(searchKey(text)).toBe(key);
  });

  it('of a part is part of the key', () => {
    expect(searchKey('ΟΔΟΣΑΣ')).toContain(searchKey('ΟΔΟΣ'));
    expect(searchKey('Größe')).toContain(searchKey('RÖSS'.slice(0, 2)));
  });

  it('is its own key', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => searchKey(searchKey(text)) === searchKey(text)));
  });
});
