/** What servers and gateways of the OpenAI form send, one kind after the other. */
import { describe, expect, it } from '@jest/globals';
import type { AppError } from '../../common/app-error.js';
import { OpenaiEvents } from './openai.events.js';
import { OPENAI_SOURCE, dataLines, replay, summary } from './providers.testing.js';

const DONE = 'data: [DONE]\n\n';
const chunk = (delta: unknown, finish_reason: unknown = null) => ({ choices: [{ index: 0, delta, finish_reason }] });
const text = (content: unknown) => chunk({ content });
const ended = chunk({}, 'stop');
const finish = (finish_reason: string) => ({ type: 'finish', finish_reason });

interface Answer {
  content: string;
  reasoning: string;
  rest: unknown[];
  shapes: string[];
  error?: AppError;
}

function answerTo(body: string, isMany = false): Answer {
  const shapes: string[] = [];
  const mapper = new OpenaiEvents(OPENAI_SOURCE, 'auto', (where) => shapes.push(where), isMany);
  try {
    return { ...summary(replay(mapper, [body])), shapes };
  } catch (error) {
    return { content: '', reasoning: '', rest: [], shapes, error: error as AppError };
  }
}

const stream = (...chunks: unknown[]) => answerTo(dataLines(...chunks) + DONE);

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

  it('a word for nothing is no end', () => {
    expect(answerTo(dataLines(chunk({ content: 'a' }, 'null'))).error).toMatchObject({ code: 'provider_truncated' });
  });
});

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

describe('failures', () => {
  it.each<[string, string, string, string]>([
    ['a field error', 'error: {"code":503,"message":"Loading model"}\n\n', 'provider_unavailable', 'Loading model'],
    [
      'a named event',
      'event: error\ndata: {"code":429,"message":"slow down"}\n\n',
      'provider_rate_limited',
      'slow down',
    ],
    ['text in data', 'data: [ERROR] worker has died\n\n', 'provider_unavailable', 'worker has died'],
    [
      'a line without data:',
      '{"error":{"message":"no money","code":"insufficient_quota"}}\n',
      'provider_rate_limited',
      'no money',
    ],
    [
      'Baidu',
      dataLines({ error_code: 336003, error_msg: 'the max length of input is 100' }),
      'provider_unavailable',
      'max length',
    ],
    [
      'a code and a text',
      dataLines({ code: 11200, message: 'no licence for this', sid: 's' }),
      'provider_unavailable',
      'no licence',
    ],
    ['FastAPI', dataLines({ detail: 'worker has died' }), 'provider_unavailable', 'worker has died'],
    [
      'MiniMax',
      dataLines({ ...text(''), base_resp: { status_code: 1026, status_msg: 'input is sensitive' } }),
      'provider_bad_request',
      'sensitive',
    ],
    [
      'a list',
      dataLines([{ error: { code: 400, message: 'API key not valid', status: 'INVALID_ARGUMENT' } }]),
      'provider_auth',
      'not valid',
    ],
    [
      'text of JSON',
      dataLines({ error: '{"error":{"message":"no such model: x"}}' }),
      'provider_not_found',
      'no such model',
    ],
    [
      'a choice',
      dataLines({ choices: [{ delta: {}, error: { code: 502, message: 'host died' }, finish_reason: 'error' }] }),
      'provider_unavailable',
      'host died',
    ],
    [
      'Amazon',
      dataLines({ throttlingException: { message: 'Too many requests' } }),
      'provider_rate_limited',
      'Too many',
    ],
    [
      'Responses',
      dataLines({ type: 'response.failed', response: { error: { code: 'server_error', message: 'model died' } } }),
      'provider_unavailable',
      'model died',
    ],
    [
      'a reason in capitals',
      dataLines(text('a'), chunk({}, 'MALFORMED_FUNCTION_CALL')),
      'provider_unavailable',
      'MALFORMED',
    ],
    ['an aborted answer', dataLines(chunk({}, 'request_cancelled')), 'provider_truncated', 'cancelled'],
  ])('%s', (_name, body, code, words) => {
    const { error } = answerTo(body + DONE);
    expect(error).toMatchObject({ code, message: expect.stringContaining(words) });
  });

  it.each([
    { error: null },
    { error: { message: '', type: '', code: null } },
    { code: 0, message: 'Success', sid: 'x' },
    { base_resp: { status_code: 0, status_msg: 'success' } },
    { error_code: 0, error_msg: '' },
  ])('none is one: %j', (fields) => {
    expect(stream({ ...text('a'), ...fields }, { ...fields, usage: {} }, ended)).toMatchObject({ content: 'a' });
  });

  it('of progress there is none', () => {
    const progress = { type: 'status', status: 'loading', message: 'The model is loaded' };
    expect(stream(progress, text('a'), ended)).toMatchObject({ content: 'a' });
  });
});

describe('the body decides', () => {
  const whole = {
    choices: [{ message: { content: 'Hi' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 1, completion_tokens: 2 },
  };

  it.each<[string, string]>([
    ['one line of JSON', JSON.stringify(whole)],
    ['many lines', `\n\n${JSON.stringify(whole, null, 2)}\n`],
    ['a byte order mark', `\uFEFF${JSON.stringify(whole)}\n`],
    ['lines of chunks', `${JSON.stringify(text('H'))}\n${JSON.stringify(text('i'))}\n${JSON.stringify(ended)}\n`],
    ['lines of chunks, then [DONE]', `${JSON.stringify(text('Hi'))}\ndata: ${JSON.stringify(ended)}\n[DONE]\n`],
    [
      'a list of chunks',
      JSON.stringify([
        { candidates: [{ content: { parts: [{ text: 'H' }] } }] },
        { candidates: [{ content: { parts: [{ text: 'i' }] }, finishReason: 'STOP' }] },
      ]),
    ],
    ['a warning of PHP before the stream', `<br />\n<b>Warning</b>: x\n\n${dataLines(text('Hi'), ended)}`],
  ])('%s', (_name, body) => expect(answerTo(body)).toMatchObject({ content: 'Hi' }));

  it.each<[string, string, string]>([
    [
      'a page',
      '<!doctype html>\n<html><body>Sign in</body></html>',
      'a web page in place of an answer; check the base URL',
    ],
    ['words', 'No channel is free', 'text in place of an answer: No channel is free'],
    ['half of JSON', '{"choices":[{"message":{"content":"secret', 'a JSON reply that is cut off or malformed'],
    ['other JSON', '{"hello":"world"}', 'JSON in place of an answer'],
  ])('%s is not asked for again', (_name, body, words) => {
    const { error } = answerTo(body);
    expect(error).toMatchObject({
      code: 'provider_protocol',
      retryable: false,
      message: expect.stringContaining(words),
    });
  });
});

describe('lines that cannot be read cost nothing but themselves', () => {
  const [a, b] = [JSON.stringify(text('a')), JSON.stringify(text('b'))];
  it.each<[string, string]>([
    ['two in one block', `data: ${a}\ndata: ${b}\n\n`],
    ['two in one line', `data: ${a}${b}\n\n`],
    [
      'keep-alives',
      `data: : ping\n\ndata: PING\n\ndata: [keepalive]\n\ndata:\n\ndata: ${a}\n\ndata: ""\n\ndata: ${b}\n\n`,
    ],
    [
      'events of a proxy',
      `event: heartbeat\ndata: 08:00\n\ndata: ${a}\n\nevent: status\ndata: {"queue":3}\n\ndata: ${b}\n\n`,
    ],
    ['numbers of Python', `data: ${a.replace('"finish', '"x":[NaN,-Infinity],"finish')}\n\ndata: ${b}\n\n`],
    ['garbage', `data: ${a}\n\ndata: {"choices":[{"delta":{"con\n\ndata: ${b}\n\n`],
    ['data: twice', `data: data: ${a}\n\ndata:data: ${b}\n\n`],
    ['a line end within a text', `data: ${a}\n\ndata: ${b.replace('"b"', '"b\t"')}\n\n`],
  ])('%s', (_name, lines) => {
    expect(answerTo(`${lines}data: ${JSON.stringify(ended)}\n\ndata: data: [DONE]\n\n`).content.trim()).toBe('ab');
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
