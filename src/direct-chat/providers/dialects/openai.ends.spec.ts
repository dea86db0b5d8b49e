/** Ends, repetitions and counts of servers of the OpenAI form. */
import { describe, expect, it } from '@jest/globals';
import { dataLines } from '../providers.testing.js';
import { answerTo, chunk, ended, finish, stream, text } from './openai-answers.testing.js';

describe('an end that is announced too early', () => {
  it.each([
    ['with every piece', [chunk({ content: 'One ' }, 'stop'), chunk({ content: 'two.' }, 'stop')]],
    ['with the reasoning', [chunk({ reasoning_content: 'why' }, 'stop'), text('One two.'), ended]],
    ['before the text', [chunk({ role: 'assistant' }, 'stop'), text('One two.')]],
    [
      'as words for nothing',
      ['null', 'None', '', 'NULL', 'FINISH_REASON_UNSPECIFIED'].map((reason) => chunk({}, reason)),
      [text('One two.'), ended],
    ],
  ])('%s', (_name, ...parts) => {
    expect(stream(...parts.flat())).toMatchObject({ content: 'One two.', rest: [finish('stop')] });
  });

  it('leaves the last reason to count', () => {
    expect(stream(chunk({ content: 'a' }, 'stop'), chunk({ content: 'b' }, 'length')).rest).toEqual([finish('length')]);
  });

  it.each([
    ['beside the choices', { choices: [{ delta: {} }], finish_reason: 'length' }],
    ['as stop_reason', { choices: [{ delta: {}, stop_reason: 'max_tokens' }] }],
    ['in capitals', chunk({}, 'MAX_TOKENS')],
  ])('%s', (_name, last) => expect(stream(text('a'), last).rest).toEqual([finish('length')]));

  it('a word for nothing is no end', () => {
    expect(answerTo(dataLines(chunk({ content: 'a' }, 'null'))).error).toMatchObject({ code: 'provider_truncated' });
  });
});

describe('what is told twice', () => {
  const pieces = [text('The sun '), text('is up.')];
  it.each<[string, unknown[]]>([
    [
      'the whole message at the end',
      [
        ...pieces,
        { object: 'chat.completion', choices: [{ message: { content: 'The sun is up.' }, finish_reason: 'stop' }] },
      ],
    ],
    [
      'with other blanks',
      [
        text('\n\nThe sun '),
        text('is up.'),
        { choices: [{ delta: {}, message: { content: 'The sun is up.' }, finish_reason: 'stop' }] },
      ],
    ],
    [
      'the message so far',
      [
        { choices: [{ delta: { content: 'The sun ' }, message: { content: 'The sun ' } }] },
        { choices: [{ delta: { content: 'is up.' }, message: { content: 'The sun is up.' } }] },
        ended,
      ],
    ],
    ['all of it in the last delta', [...pieces, chunk({ content: 'The sun is up.' }, 'stop')]],
    ['the text so far in every delta', [text('The sun '), text('The sun is '), text('The sun is up.'), ended]],
    ['that from its first letter', [text('T'), text('The'), text('The sun '), text('The sun is up.'), ended]],
    [
      'the text so far in every message',
      ['The sun', 'The sun is', 'The sun is up.'].map((content) => ({ choices: [{ message: { content } }] })),
    ],
    [
      'the rest in a message',
      [text('The sun '), { choices: [{ message: { content: 'The sun is up.' }, finish_reason: 'stop' }] }],
    ],
  ])('%s', (_name, chunks) => expect(stream(...chunks).content.trim()).toBe('The sun is up.'));

  it.each([
    ['ha', 'ha', 'ha'],
    ['1', '10', '2'],
    ['----', '--------', '-'],
    ['I am here. ', 'I', ' am here. '],
  ])('what only looks like it: %j %j %j', (...words) => {
    expect(stream(...words.map(text), ended).content).toBe(words.join(''));
  });
});

describe('counts', () => {
  const counts = { type: 'usage', input_tokens: 14, output_tokens: 6, total_tokens: 20 };
  const usage = { prompt_tokens: 14, completion_tokens: 6, total_tokens: 20 };
  it.each<[string, unknown]>([
    ['of Groq', { ...ended, x_groq: { usage } }],
    ['in a choice', { choices: [{ delta: {}, finish_reason: 'stop', usage }] }],
    ['in a delta', { choices: [{ delta: {}, message: { usage }, finish_reason: 'stop' }] }],
    ['of Gemini', { usageMetadata: { promptTokenCount: 14, candidatesTokenCount: 6, totalTokenCount: 20 } }],
    ['of Ollama', { done: true, prompt_eval_count: 14, eval_count: 6 }],
    ['of llama.cpp', { ...ended, timings: { prompt_n: 14, predicted_n: 6, prompt_ms: 3.5 } }],
    ['as text', { ...ended, usage: { prompt_tokens: '14', completion_tokens: '6' } }],
    ['of the newer API', { ...ended, usage: { input_tokens: 14, output_tokens: 6 } }],
    [
      'before zeros',
      [
        { choices: [], usage },
        { choices: [], usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 } },
      ],
    ],
    [
      'before nulls',
      [
        { choices: [], usage },
        { choices: [], usage: { prompt_tokens: null } },
      ],
    ],
  ])('%s', (_name, chunks) => expect(stream(text('a'), ended, ...[chunks].flat()).rest[0]).toEqual(counts));
});
