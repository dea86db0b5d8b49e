import { describe, expect, it } from '@jest/globals';
import type { ErrorCode } from '../../common/app-error.js';
import { errorFromPayload, errorFromStatus, type ErrorSource } from './error-mapping.js';
import { cleanMessage, secretsOf } from '../../infra/provider-stream/provider-error.js';
import { readProblem } from '../../infra/provider-stream/provider-problem.js';
import { CLAUDE_SOURCE, OPENAI_SOURCE, modelSettings } from './providers.testing.js';

const claudeBody = (type: string, message = 'words') =>
  JSON.stringify({ type: 'error', error: { type, message }, request_id: 'req_1' });
const openaiBody = (code: unknown, type = 'invalid_request_error', message = 'words') =>
  JSON.stringify({ error: { message, type, param: null, code } });

describe('the address', () => {
  const bare: ErrorSource = { ...OPENAI_SOURCE, addedPath: '/v1/chat/completions' };
  const messageOf = (status: number, body: string, source = bare, headers = {}) =>
    errorFromStatus(status, headers, body, source).message;

  it('is explained when nothing is there, unless the model is missing', () => {
    expect(messageOf(404, 'Not Found')).toBe(
      'openai.test answered HTTP 404: Not Found; it was asked for /v1/chat/completions; if its calls are elsewhere, give the base URL with the whole path, such as https://openai.test/chat/completions',
    );
    expect(messageOf(404, '<html>')).toContain('check the base URL and the model id; it was asked for /v1/');
    for (const body of ['model "x" not found', '{"error":{"code":"DeploymentNotFound","message":"Gone"}}'])
      expect(messageOf(404, body)).not.toContain('/v1/');
    expect(messageOf(404, 'Not Found', OPENAI_SOURCE)).not.toContain('/v1/');
  });

  it('is explained when it redirects, or speaks HTTPS', () => {
    expect(messageOf(301, '<html>', bare, { location: 'https://new.test/v1/x' })).toContain(
      'begins with https://new.test',
    );
    expect(messageOf(405, 'Method Not Allowed')).toContain('https://openai.test');
    expect(messageOf(400, '<html>400 The plain HTTP request was sent to HTTPS port</html>')).toContain('speaks HTTPS');
  });
});

describe('statuses of Claude (cases 11-13)', () => {
  it.each<[number, string, ErrorCode, boolean]>([
    [400, claudeBody('invalid_request_error'), 'provider_bad_request', false],
    [
      400,
      claudeBody('invalid_request_error', 'prompt is too long: 208310 tokens > 200000 maximum'),
      'context_too_long',
      false,
    ],
    [400, claudeBody('invalid_request_error', 'max_tokens: 99999 > 8192'), 'provider_bad_request', false],
    [401, claudeBody('authentication_error'), 'provider_auth', false],
    [402, claudeBody('billing_error'), 'provider_bad_request', false],
    [403, claudeBody('permission_error'), 'provider_auth', false],
    [404, claudeBody('not_found_error'), 'provider_not_found', false],
    [409, claudeBody('conflict_error'), 'provider_bad_request', true],
    [413, '<html>413 Request Entity Too Large</html>', 'context_too_long', false],
    [429, claudeBody('rate_limit_error'), 'provider_rate_limited', true],
    [500, claudeBody('api_error'), 'provider_unavailable', true],
    [504, claudeBody('timeout_error'), 'provider_timeout', true],
    [529, claudeBody('overloaded_error'), 'provider_overloaded', true],
    [503, claudeBody('overloaded_error'), 'provider_overloaded', true],
    [502, '<html>Bad Gateway</html>', 'provider_unavailable', true],
    [522, '', 'provider_unavailable', true],
    [524, 'error code: 524', 'provider_unavailable', true],
    [302, 'moved', 'provider_not_found', false],
  ])('%i %s', (status, body, code, retryable) => {
    expect(errorFromStatus(status, {}, body, CLAUDE_SOURCE)).toMatchObject({ code, retryable, providerStatus: status });
  });
});

describe('statuses of OpenAI (case 17)', () => {
  it.each<[number, string, ErrorCode, boolean]>([
    [400, openaiBody('unsupported_parameter'), 'provider_bad_request', false],
    [400, openaiBody('context_length_exceeded'), 'context_too_long', false],
    [
      400,
      openaiBody(400, 'BadRequestError', "This model's maximum context length is 4096 tokens."),
      'context_too_long',
      false,
    ],
    [400, openaiBody('model_not_found'), 'provider_not_found', false],
    [400, openaiBody('content_filter'), 'provider_bad_request', false],
    [401, openaiBody('invalid_api_key'), 'provider_auth', false],
    [404, '{"detail":"Not Found"}', 'provider_not_found', false],
    [408, '', 'provider_timeout', true],
    [413, 'too large', 'provider_bad_request', false],
    [422, '{"detail":[{"loc":["body","n"],"msg":"wrong"}]}', 'provider_bad_request', false],
    [429, openaiBody('rate_limit_exceeded', 'requests'), 'provider_rate_limited', true],
    [429, openaiBody('insufficient_quota', 'insufficient_quota'), 'provider_rate_limited', false],
    [429, openaiBody('credit_balance_exhausted'), 'provider_rate_limited', false],
    [500, openaiBody(null, 'server_error'), 'provider_unavailable', true],
    [503, openaiBody('server_is_overloaded', 'service_unavailable_error'), 'provider_overloaded', true],
    [503, openaiBody('slow_down'), 'provider_overloaded', true],
    [503, 'no healthy upstream', 'provider_unavailable', true],
    [502, '<!doctype html><h1>502</h1>', 'provider_unavailable', true],
    [500, openaiBody(400, 'BadRequestError'), 'provider_bad_request', false],
    [500, openaiBody('invalid_api_key'), 'provider_auth', false],
    [500, openaiBody(null, 'server_error', 'Context size has been exceeded.'), 'context_too_long', false],
    [503, openaiBody(503, 'invalid_request_error'), 'provider_unavailable', true],
    [413, openaiBody('rate_limit_exceeded', 'tokens', 'Limit 8000, Requested 12750'), 'provider_rate_limited', false],
  ])('%i %s', (status, body, code, retryable) => {
    expect(errorFromStatus(status, {}, body, OPENAI_SOURCE)).toMatchObject({ code, retryable, providerStatus: status });
  });

  it('reads the hints for retries', () => {
    const error = errorFromStatus(429, { 'retry-after': '1.5', 'x-should-retry': 'false' }, '', OPENAI_SOURCE);
    expect(error).toMatchObject({ retryable: false, retryAfter: 2, hints: { waitMs: 1500, shouldRetry: false } });
  });
});

describe('errors inside streams', () => {
  it.each<[unknown, ErrorCode, boolean]>([
    [{ error: { type: 'overloaded_error', message: 'x' } }, 'provider_overloaded', true],
    [{ error: { type: 'rate_limit_error', message: 'x' } }, 'provider_rate_limited', true],
    [{ error: { type: 'invalid_request_error', message: 'prompt is too long' } }, 'context_too_long', false],
    [
      { error: { type: 'invalid_request_error', message: 'x', code: 'insufficient_quota' } },
      'provider_rate_limited',
      false,
    ],
    [{ error: { type: 'invalid_request_error', message: 'x' } }, 'provider_bad_request', false],
    [{ error: { message: 'x', code: '502' } }, 'provider_unavailable', true],
    [{ error: { message: 'x', code: 'constructor', type: 'toString' } }, 'provider_unavailable', true],
    [{ error: true }, 'provider_unavailable', true],
  ])('%j', (payload, code, retryable) => {
    expect(errorFromPayload(payload, OPENAI_SOURCE)).toMatchObject({ code, retryable });
  });
});

describe('messages', () => {
  it.each([
    ['{"error":{"message":"a"}}', 'a'],
    ['{"error":"a"}', 'a'],
    ['{"message":"a"}', 'a'],
    ['{"detail":"a"}', 'a'],
    ['{"detail":[{"loc":["body","x"],"msg":"a"}]}', 'body.x: a'],
    ['{"errors":[{"message":"a"}]}', 'a'],
    ['{"errors":["a"]}', 'a'],
    ['[{"error":{"message":"a"}}]', 'a'],
    ['"a"', 'a'],
    ['\n\n a ', 'a'],
    ['{}', undefined],
    ['', undefined],
    ['<html><body>secret page</body></html>', undefined],
  ])('%s -> %s', (body, message) => expect(readProblem(body).message).toBe(message));

  it('never repeat markup', () => {
    expect(errorFromStatus(502, {}, '<html>page</html>', CLAUDE_SOURCE).message).toBe('claude.test answered HTTP 502');
    expect(cleanMessage('failed: <!DOCTYPE html><p>page', [])).toBeUndefined();
  });

  it('are one line of at most 300 characters', () => {
    expect(cleanMessage('a\n\n  b', [])).toBe('a b');
    expect(cleanMessage('word '.repeat(200), [])?.length).toBeLessThanOrEqual(300);
  });

  it.each([
    'Incorrect API key provided: my-own-key-1234.',
    'Incorrect API key provided: sk-proj-abc***xyz9. See',
    'header Authorization: Bearer eyJhbGciOi.x.y was refused',
    '{"x-api-key": "abcd1234efgh"} refused',
    'bad api_key=abcd1234efgh here',
  ])('never repeat a key: %s', (text) => {
    const clean = cleanMessage(text, ['my-own-key-1234']) ?? '';
    expect(clean).toContain('***');
    expect(clean).not.toMatch(/my-own-key|xyz9|eyJ|abcd1234/);
  });

  it('scrub the values of a model’s own headers too', () => {
    const headers = { authorization: 'Bearer gateway-token', 'x-team': 'a' };
    expect(secretsOf(modelSettings({ headers }))).toEqual(['my-own-key-1234', 'gateway-token']);
  });
});
