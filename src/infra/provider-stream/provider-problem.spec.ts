import { describe, expect, it } from '@jest/globals';
import { isTelling, problemOf, readProblem } from './provider-problem.js';

describe('the innermost reason', () => {
  const inner = JSON.stringify({ error: { message: 'at most 2 pictures', type: 'invalid_request_error' } });

  it.each<[string, unknown, object]>([
    [
      'text in metadata',
      { error: { message: 'Provider returned error', code: 400, metadata: { raw: 'no pictures' } } },
      { message: 'no pictures', status: 400 },
    ],
    [
      'JSON in metadata',
      { error: { message: 'Provider returned error', code: 400, metadata: { raw: inner } } },
      { message: 'at most 2 pictures', type: 'invalid_request_error' },
    ],
    [
      'JSON in a message',
      { error: { message: `litellm.BadRequestError: ${inner}` } },
      { message: 'at most 2 pictures' },
    ],
    ['JSON in an error', { error: inner }, { message: 'at most 2 pictures' }],
    [
      'words and more words',
      { message: 'The host refused', error: { message: 'at most 2 pictures' } },
      { message: 'The host refused: at most 2 pictures' },
    ],
    ['the same words twice', { message: 'no', error: 'no' }, { message: 'no' }],
    [
      'a page in metadata',
      { error: { message: 'Bad gateway of host', metadata: { raw: '<html>x</html>' } } },
      { message: 'Bad gateway of host' },
    ],
    [
      'MiniMax',
      { base_resp: { status_code: 1002, status_msg: 'rate limit' } },
      { message: 'rate limit', code: '1002' },
    ],
    [
      'Tencent',
      { Response: { Error: { Code: 'AuthFailure', Message: 'no' } } },
      { message: 'no', code: 'AuthFailure' },
    ],
    ['Apigee', { fault: { faultstring: 'no', detail: { errorcode: 'x' } } }, { message: 'no' }],
    ['Amazon', { throttlingException: { message: 'no' } }, { message: 'no', type: 'throttlingException' }],
    ['a status as text', { error: { message: 'no', http_code: '400' } }, { message: 'no', status: 400 }],
    ['a name and no words', { code: 'not_chat_app' }, { code: 'not_chat_app' }],
    ['no end', { error: { error: { error: { error: { error: { error: { error: { error: 'deep' } } } } } } } }, {}],
  ])('%s', (_name, body, problem) => expect(problemOf(body)).toMatchObject(problem));

  it('of an event stream with an HTTP error', () => {
    expect(readProblem(`event: error\ndata: ${inner}\n\n`)).toMatchObject({ message: 'at most 2 pictures' });
  });
});

it.each([
  [{ message: '', code: null, param: [] }, false],
  ['none', false],
  [0, false],
  [{ message: 'x' }, true],
  [[{}], false],
  ['x', true],
  [true, true],
])('isTelling(%j): %s', (value, telling) => expect(isTelling(value)).toBe(telling));
