/** Texts, reasoning, images and sources in the places and shapes of servers of the OpenAI form. */
import { describe, expect, it } from '@jest/globals';
import { dataLines } from '../providers.testing.js';
import { DONE, answerTo, chunk, ended, finish, stream, text } from './openai-answers.testing.js';

describe('text in other places and shapes', () => {
  it.each<[string, unknown[]]>([
    [
      'parts',
      [
        text([
          { type: 'text', text: 'It is ' },
          { type: 'text', text: 'nine.' },
        ]),
      ],
    ],
    ['a part', [text({ type: 'text', text: 'It is nine.' })]],
    ['strings in a list', [text(['It is ', 'nine.'])]],
    ['text of an object', [text([{ type: 'output_text', text: { value: 'It is nine.' } }])]],
    ['a message in place of deltas', [{ choices: [{ message: { content: 'It is nine.' } }] }]],
    [
      'text of the older API',
      [{ choices: [{ text: 'It is ', index: 0 }] }, { choices: [{ text: 'nine.', index: 0 }] }],
    ],
    ['a delta that is text', [{ choices: [{ delta: 'It is nine.' }] }]],
    ['delta.text', [chunk({ text: 'It is ' }), chunk({ text: 'nine.' })]],
    ['choices that are no list', [{ choices: { delta: { content: 'It is nine.' } } }]],
    ['no choices at all', [{ delta: { content: 'It is ' } }, { content: 'nine.' }]],
    [
      'Ollama',
      [
        { message: { content: 'It is ' }, done: false },
        { message: { content: 'nine.' }, done: false },
      ],
    ],
    [
      'Ollama, older',
      [
        { response: 'It is ', done: false },
        { response: 'nine.', done: false },
      ],
    ],
    ['Gemini', [{ candidates: [{ content: { parts: [{ text: 'It is nine.' }] }, finishReason: 'STOP' }] }]],
    ['DashScope', [{ output: { choices: [{ message: { content: 'It is nine.' }, finish_reason: 'null' }] } }]],
    ['a wrapper', [{ code: 200, msg: 'success', data: { choices: [{ delta: { content: 'It is nine.' } }] } }]],
    [
      'Responses',
      [
        { type: 'response.output_text.delta', delta: 'It is nine.' },
        { type: 'response.output_text.done', text: 'It is nine.' },
      ],
    ],
    ['speech', [chunk({ audio: { transcript: 'It is nine.', data: 'UklGR' } })]],
    [
      'indexes of tokens',
      [
        { choices: [{ index: 4, delta: { content: 'It is ' } }] },
        { choices: [{ index: 5, delta: { content: 'nine.' } }] },
      ],
    ],
  ])('%s', (_name, chunks) => expect(stream(...chunks, ended)).toMatchObject({ content: 'It is nine.', shapes: [] }));

  it('one of several choices that were asked for', () => {
    const both = {
      choices: [
        { index: 0, delta: { content: 'a' } },
        { index: 1, delta: { content: 'b' } },
      ],
    };
    const other = { choices: [{ index: 1, delta: { content: 'c' } }] };
    expect(answerTo(dataLines(both, other, ended) + DONE, true).content).toBe('a');
  });

  it('that are not known are reported, and not taken for an answer', () => {
    expect(stream(chunk({ shimmer: 'Hi' }), text('a'), ended)).toMatchObject({ content: 'a', shapes: ['delta'] });
    expect(stream(chunk({ shimmer: 'Hi' }), ended).error).toMatchObject({ code: 'provider_protocol' });
    const { error, shapes } = stream({ shimmer: { words: 'Hi' } });
    expect(error).toMatchObject({ code: 'provider_protocol', retryable: false });
    expect(shapes).toEqual(['chunk']);
  });
});

describe('reasoning under other names', () => {
  it.each<[string, unknown]>([
    ['thinking', { thinking: 'why' }],
    ['thought', { thought: 'why' }],
    ['reasoning_text', { reasoning_text: 'why' }],
    ['an object', { reasoning: { content: 'why' } }],
    [
      'details',
      {
        reasoning_details: [
          { type: 'reasoning.text', text: 'w' },
          { type: 'reasoning.summary', summary: 'hy' },
        ],
      },
    ],
    [
      'blocks of LiteLLM',
      { reasoning_content: 'why', thinking_blocks: [{ type: 'thinking', thinking: 'why', signature: 'x' }] },
    ],
    ['fields of a provider', { reasoning_content: 'why', provider_specific_fields: { reasoning_content: 'why' } }],
    ['three names', { reasoning: 'why', reasoning_content: 'why', thinking: 'why' }],
    ['parts of Mistral', { content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'why' }] }] }],
    ['parts of Gemini', { content: [{ text: 'why', thought: true }] }],
    ['with an encrypted part', { reasoning: 'why', reasoning_details: [{ type: 'reasoning.encrypted', data: 'AbC' }] }],
  ])('%s', (_name, delta) => {
    expect(stream(chunk(delta), text('So.'), ended)).toMatchObject({ reasoning: 'why', content: 'So.', shapes: [] });
  });

  it('different texts under two names are both shown', () => {
    expect(stream(chunk({ reasoning: 'one ', thinking: 'two' }), text('a'), ended).reasoning).toBe('one two');
  });
});

describe('images and sources', () => {
  const png = `data:image/png;base64,${'A'.repeat(60)}`;

  it.each<[string, unknown]>([
    ['images', { images: [{ type: 'image_url', image_url: { url: png } }] }],
    ['a part', { content: [{ type: 'image_url', image_url: png }] }],
    ['inline data', { content: [{ inlineData: { mimeType: 'image/png', data: 'A'.repeat(60) } }] }],
    ['b64_json', { images: [{ b64_json: 'A'.repeat(60) }] }],
  ])('%s', (_name, delta) => {
    const file = { id: 'image-1', kind: 'image', url: png, mime_type: 'image/png' };
    expect(stream(chunk(delta), chunk(delta), ended).rest).toEqual([{ type: 'file', file }, finish('stop')]);
  });

  it.each<[string, unknown]>([
    [
      'annotations',
      chunk({
        content: 'a',
        annotations: [{ type: 'url_citation', url_citation: { url: 'https://x.test/1', title: 'One' } }],
      }),
    ],
    [
      'flat annotations',
      chunk({ content: 'a', annotations: [{ type: 'url_citation', url: 'https://x.test/1', title: 'One' }] }),
    ],
    [
      'search_results',
      { ...text('a'), search_results: [{ title: 'One', url: 'https://x.test/1' }], citations: ['https://x.test/1'] },
    ],
    ['web_search of Zhipu', { ...text('a'), web_search: [{ title: 'One', link: 'https://x.test/1' }] }],
    ['context of Azure', chunk({ content: 'a', context: { citations: [{ title: 'One', url: 'https://x.test/1' }] } })],
    [
      'grounding of Gemini',
      {
        candidates: [
          {
            content: { parts: [{ text: 'a' }] },
            groundingMetadata: { groundingChunks: [{ web: { uri: 'https://x.test/1', title: 'One' } }] },
          },
        ],
      },
    ],
  ])('%s', (_name, each) => {
    const { content, rest } = stream(each, ended);
    expect(content).toBe('a');
    expect(rest[0]).toMatchObject({
      type: 'sources',
      sources: [{ title: 'One', url: 'https://x.test/1', position: 1 }],
    });
  });
});
