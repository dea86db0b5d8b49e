import { describe, expect, it } from '@jest/globals';
import { bytesOver, MAX_PROMPT_BYTES } from './prompt-length';

describe('bytesOver', () => {
  it.each([
    ['a'.repeat(MAX_PROMPT_BYTES), 0],
    ['a'.repeat(MAX_PROMPT_BYTES + 1), 1],
    ['贝'.repeat(MAX_PROMPT_BYTES / 3), 0],
    ['贝'.repeat(MAX_PROMPT_BYTES / 3 + 1), 3],
    ['', 0],
  ])('counts bytes of UTF-8', (text, over) => {
    expect(bytesOver(text)).toBe(over);
  });
});
