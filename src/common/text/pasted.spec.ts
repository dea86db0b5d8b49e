import { describe, expect, it } from '@jest/globals';
import { pastedKey, pastedText } from './pasted.js';

describe('what was pasted', () => {
  it('has no blanks and invisible characters around it', () => {
    for (const text of ['a b', ' a b\n', '\u200ba b\ufeff', '\t\u00a0a b\r\n']) expect(pastedText(text)).toBe('a b');
    expect(pastedText(' \n')).toBe('');
  });

  it.each([
    'sk-1',
    ' sk-1\n',
    'Bearer sk-1',
    'bearer  sk-1 ',
    '"sk-1"',
    "'Bearer sk-1'",
    'Authorization: Bearer sk-1',
    'authorization:Bearer sk-1',
  ])('as a key is the key alone: %j', (text) => expect(pastedKey(text)).toBe('sk-1'));

  it('as a key stays as it is otherwise', () => {
    for (const key of ['', 'bearer', 'Bearerkey', '***1234', 'a"b', 'eyJ.a.b=']) expect(pastedKey(key)).toBe(key);
  });
});
