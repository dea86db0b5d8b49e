import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../common/json.js';
import { readForm } from './input-form.js';
import { inputForText, mergeInputs } from './merge-inputs.js';

describe('mergeInputs', () => {
  it('lets later sources win, name by name', () => {
    expect(mergeInputs({ a: 1, b: 1, c: 1 }, null, { b: 2, c: 2 }, undefined, { c: 3 })).toEqual({ a: 1, b: 2, c: 3 });
  });

  it('takes away what a later source sets to null', () => {
    expect(mergeInputs({ a: 1, b: 1 }, { a: null })).toEqual({ b: 1 });
    expect(mergeInputs({ a: null }, { a: 2 })).toEqual({ a: 2 });
  });

  it('has names for all the same', () => {
    expect(Object.keys(mergeInputs(JSON.parse('{"__proto__":1}') as JsonObject))).toEqual(['__proto__']);
  });
});

describe('inputForText', () => {
  const form = (...names: string[]) =>
    readForm({ user_input_form: names.map((variable) => ({ paragraph: { variable } })) }).fields;

  it.each([
    ['query, when nothing is known', null, {}, 'query'],
    ['query, when the form has neither', form('city', 'tone'), {}, 'query'],
    ['user_query, when the form asks for it', form('city', 'user_query'), {}, 'user_query'],
    ['the only text of a form', form('question'), {}, 'question'],
    ['none, when that text is given', form('question'), { question: 'x' }, null],
    ['none, when query is given', form('city'), { query: 'x' }, null],
    ['none, when user_query is given', null, { user_query: 'x' }, null],
    ['query, when it was left empty', form('query'), { query: '' }, 'query'],
  ])('is %s', (_case, fields, inputs, expected) => {
    expect(inputForText(fields, inputs)).toBe(expected);
  });

  it('is no input of another type', () => {
    const { fields } = readForm({ user_input_form: [{ number: { variable: 'n' } }] });

    expect(inputForText(fields, {})).toBe('query');
  });
});
