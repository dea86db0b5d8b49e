import { describe, expect, it } from '@jest/globals';
import { jsonLengthOf } from './json.js';

describe('jsonLengthOf', () => {
  it.each([
    ['a long text', { result: { value: 'x'.repeat(100_000) } }],
    ['many short ones', Array.from({ length: 1000 }, (_, index) => `text ${index}`)],
    ['fields', Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`name${index}`, `value ${index}`]))],
  ])('is about the length of the JSON: %s', (_name, value) => {
    const exact = JSON.stringify(value).length;
    expect(jsonLengthOf(value)).toBeGreaterThan(exact * 0.8);
    expect(jsonLengthOf(value)).toBeLessThan(exact * 1.3);
  });

  it('knows what is no object', () => {
    expect([null, true, 12, undefined].map(jsonLengthOf)).toEqual([8, 8, 8, 8]);
  });
});
