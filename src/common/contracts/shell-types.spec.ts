import { describe, expect, it } from '@jest/globals';
import { shellSupportsModel } from './shell-types.js';

describe('which models a shell type can use', () => {
  it.each([
    ['Chat', true],
    ['Dify', false],
    ['Unheard', true],
    ['__proto__', true],
    ['constructor', true],
    ['toString', true],
  ])('%s', (shellType, expected) => {
    expect(shellSupportsModel(shellType, 'openai')).toBe(expected);
  });
});
