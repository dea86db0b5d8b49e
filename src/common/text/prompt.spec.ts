import { describe, expect, it } from '@jest/globals';
import { searchKey, splitPrompt, withoutParams } from './prompt.js';
import fc from 'fast-check';

const block = (json: string) => `[EXTERNAL_API_PARAMS]${json}[/EXTERNAL_API_PARAMS]`;

describe('the block of inputs in a prompt', () => {
  it.each([
    ['as the web client sends it', `${block('{"city":"Graz"}')}\nHello`, 'Hello'],
    ['after white space', `  \n${block('{"city":"Graz"}')}Hello`, 'Hello'],
    ['with CRLF', `${block('{"city":"Graz"}')}\r\nHello`, 'Hello'],
    ['with nothing after it', block('{"city":"Graz"}'), ''],
    ['with layout', `${block('{\n "city": "Graz"\n}')}\n\n Hello\n`, '\n Hello\n'],
  ])('is taken %s', (_case, prompt, text) => {
    expect(splitPrompt(prompt)).toEqual({ text, inputs: { city: 'Graz' }, isBroken: false });
    expect(withoutParams(prompt)).toBe(text);
  });

  it.each([
    ['an empty one', '{}', {}],
    ['nested values', '{"doc":{"type":"image"},"n":[1,null]}', { doc: { type: 'image' }, n: [1, null] }],
    ['brackets and quotes in values', String.raw`{"a":"[x] \"y\" ]"}`, { a: '[x] "y" ]' }],
  ])('may hold %s', (_case, json, inputs) => {
    expect(splitPrompt(`${block(json)}\nq`)).toEqual({ text: 'q', inputs, isBroken: false });
  });

  it.each([
    ['no JSON', block('city=Graz')],
    ['no object', block('["Graz"]')],
    ['null', block('null')],
    ['nothing', block('')],
    ['no end', '[EXTERNAL_API_PARAMS]{"city":"Graz"}'],
  ])('is text when it holds %s, and said to be broken', (_case, prompt) => {
    expect(splitPrompt(`${prompt}\nHello`)).toEqual({ text: `${prompt}\nHello`, inputs: null, isBroken: true });
  });

  it.each(['Hello', '', `What is ${block('{"a":1}')}?`, '[EXTERNAL_API]{}'])('is not seen in %j', (prompt) => {
    expect(splitPrompt(prompt)).toEqual({ text: prompt, inputs: null, isBroken: false });
  });

  it('takes only the first of two', () => {
    expect(splitPrompt(`${block('{"a":1}')}\n${block('{"b":2}')}`)).toEqual({
      text: block('{"b":2}'),
      inputs: { a: 1 },
      isBroken: false,
    });
  });
});

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
