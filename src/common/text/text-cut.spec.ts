import { describe, expect, it } from '@jest/globals';
import { firstPart, lastPart } from './text-cut.js';

const SHELL = '🐚';

describe('a cut', () => {
  it('leaves short texts alone', () => {
    expect([firstPart('abc', 3), lastPart('abc', 3), firstPart('', 2), lastPart('', 2)]).toEqual([
      'abc',
      'abc',
      '',
      '',
    ]);
  });

  it.each(Array.from({ length: 9 }, (_, limit) => limit))('after %i units falls between characters', (limit) => {
    for (const text of [SHELL.repeat(4), `a${SHELL.repeat(4)}`, `${SHELL}a${SHELL}b${SHELL}`]) {
      const [first, last] = [firstPart(text, limit), lastPart(text, limit)];
      expect([first.isWellFormed(), last.isWellFormed()]).toEqual([true, true]);
      expect([text.startsWith(first), text.endsWith(last)]).toEqual([true, true]);
      for (const part of [first, last]) {
        expect(part.length).toBeLessThanOrEqual(limit);
        expect(part.length).toBeGreaterThanOrEqual(Math.min(limit, text.length) - 1);
      }
    }
  });
});
