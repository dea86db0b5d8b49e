import { describe, expect, it } from '@jest/globals';
import { nestingProblems, storageProblems, textProblem, toStorable } from './storable.js';

const nested = (depth: number) => JSON.parse('['.repeat(depth) + ']'.repeat(depth)) as unknown;

describe('what Postgres can store', () => {
  it.each(['', 'text', '🔑', 'a\tb\n', '\ufffd'])('is "%s"', (text) => {
    expect(textProblem(text)).toBeNull();
  });

  it.each([
    ['NUL', 'a\0b'],
    ['half of a pair', 'a\ud83d'],
    ['the other half', '\udd11'],
    ['two halves in the wrong order', '\udd11\ud83d'],
  ])('is not %s', (_case, text) => {
    expect(textProblem(text)).toEqual(expect.any(String));
  });

  it('names the place in a request', () => {
    const request = { fine: 1, list: [{ name: 'a\0' }], object: { 'b\0': 1 } };

    expect(
      storageProblems(request)
        .map(({ field }) => field)
        .sort(),
    ).toEqual(['list.0.name', 'object']);
  });

  it('ends at 32 levels, without recursion', () => {
    expect(storageProblems(nested(32))).toEqual([]);
    expect(storageProblems(nested(500_000))).toHaveLength(1);
  });

  it('does not report endlessly', () => {
    const { length } = storageProblems(Array.from({ length: 1000 }, () => '\0'));

    expect(length).toBeLessThan(50);
  });
});

it('makes any value storable', () => {
  const value = { text: 'a\0b\ud800c😀', list: ['\udc00', 1, null, { deep: '\0' }] };
  const storable = toStorable(value);

  expect(storable).toEqual({ text: 'a\uFFFDb\uFFFDc😀', list: ['\uFFFD', 1, null, { deep: '\uFFFD' }] });
  expect(storageProblems(storable)).toEqual([]);
  expect(toStorable({ 'a\0': { '\ud800': 1 }, b: 2 })).toEqual({ 'a\uFFFD': { '\uFFFD': 1 }, b: 2 });
});

it('tells endless nesting from texts', () => {
  expect(nestingProblems({ text: '\0', '\0': 1 })).toEqual([]);
  expect(nestingProblems(nested(40))).toHaveLength(1);
});
