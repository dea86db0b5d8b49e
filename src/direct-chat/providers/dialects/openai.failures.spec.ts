/** Failures, bodies and lines of servers of the OpenAI form. */
import { describe, expect, it } from '@jest/globals';
import { dataLines } from '../providers.testing.js';
import { DONE, answerTo, chunk, ended, stream, text } from './openai-answers.testing.js';

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
