import { describe, expect, it } from '@jest/globals';
import { jsonTextsOf, parseLenient } from './lenient-json.js';

describe('parseLenient', () => {
  it.each([
    ['{"a":1}', { a: 1 }],
    ['{"a":NaN,"b":[-Infinity,Infinity],"c":"NaN -Infinity"}', { a: null, b: [null, null], c: 'NaN -Infinity' }],
    ['{"a":"one\ttwo\\nthree \\"four\\" NaN","b":NaN}', { a: 'one\ttwo\nthree "four" NaN', b: null }],
    ['[NaN]', [null]],
    ['NaN', undefined],
    ['{"a":', undefined],
    ['text', undefined],
  ])('%j', (text, value) => expect(parseLenient(text)).toEqual(value));
});

describe('jsonTextsOf', () => {
  it.each([
    ['{"a":1}\n{"b":2}', ['{"a":1}', '{"b":2}']],
    ['{"a":"}{"}{"b":2} {"c":3}', ['{"a":"}{"}', '{"b":2}', '{"c":3}']],
    ['data: data:{"a":1}', ['{"a":1}']],
    ['{"a":1}\n[DONE]', ['{"a":1}', '[DONE]']],
    ['{"a":1}{"b":', ['{"a":1}{"b":']],
    ['plain text', ['plain text']],
    [' \n ', []],
  ])('%j', (data, texts) => expect(jsonTextsOf(data)).toEqual(texts));
});
