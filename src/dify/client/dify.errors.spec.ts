import { describe, expect, it } from '@jest/globals';
import { AppError } from '../../common/app-error.js';
import {
  errorFromEvent,
  errorFromReply,
  isLostConversation,
  isUnsent,
  isWrongMode,
  mayMeanLostConversation,
} from './dify.errors.js';

const SOURCE = { host: 'dify.test', secrets: ['app-secret-1'] };
const reply = (status: number, body: object | string) =>
  errorFromReply(status, {}, typeof body === 'string' ? body : JSON.stringify(body), SOURCE);

describe('a refused request', () => {
  it.each([
    [401, 'unauthorized', 'provider_auth', false],
    [403, 'forbidden', 'dify_app_unavailable', false],
    [404, 'not_found', 'provider_not_found', false],
    [400, 'app_unavailable', 'dify_app_unavailable', false],
    [400, 'not_chat_app', 'dify_app_unavailable', false],
    [400, 'invalid_param', 'dify_input_invalid', false],
    [400, 'bad_request', 'provider_bad_request', false],
    [400, 'provider_quota_exceeded', 'provider_rate_limited', false],
    [429, 'too_many_requests', 'provider_rate_limited', true],
    [412, 'human_input_form_expired', 'conflict', false],
    [413, 'file_too_large', 'payload_too_large', false],
    [500, 'internal_server_error', 'provider_unavailable', true],
    [504, 'gateway_timeout', 'provider_timeout', true],
  ])('%s %s is %s', (status, code, known, retryable) => {
    expect(reply(status, { code, message: 'No', status })).toMatchObject({
      ...{ code: known, retryable, providerStatus: status },
      message: `dify.test answered HTTP ${status}: No`,
    });
  });

  it('by something that is no Dify gets advice, and never shows the key', () => {
    expect(reply(404, '<html>nope</html>').message).toContain('check DIFY_BASE_URL');
    expect(reply(302, '').message).toContain('final address');
    const moved = errorFromReply(308, { location: 'https://dify.test/v1/chat-messages' }, '', SOURCE);
    expect(moved.message).toContain('begins with https://dify.test');
    expect(reply(405, { message: 'The method is not allowed for the requested URL.' }).message).toMatch(
      /is not allowed.*GET: set DIFY_BASE_URL to .*https:\/\/dify\.test/,
    );
    expect(reply(401, { message: 'Key app-secret-1 is bad' }).message).toBe(
      'dify.test answered HTTP 401: Key *** is bad',
    );
  });

  it('tells of another kind of app, or of a conversation that is gone', () => {
    expect([400, 404].map((status) => isWrongMode(reply(status, { code: 'not_chat_app' })))).toEqual([true, true]);
    expect(isWrongMode(reply(400, { code: 'invalid_param' }))).toBe(false);
    const gone = [
      reply(404, { code: 'not_found', message: 'Conversation Not Exists. You have requested this URI [/v1/x]' }),
      reply(400, { code: 'conversation_completed' }),
    ];
    expect(gone.map(isLostConversation)).toEqual([true, true]);
    const open = [reply(404, { code: 'not_found' }), reply(500, '')];
    expect([open.map(isLostConversation), open.map(mayMeanLostConversation)]).toEqual([
      [false, false],
      [true, true],
    ]);
    const others = [reply(401, {}), reply(429, {}), reply(503, {}), reply(413, { code: 'file_too_large' })];
    expect(others.some(mayMeanLostConversation)).toBe(false);
  });
});

describe('an error event', () => {
  it('is what its model said', () => {
    const said = (message: string) =>
      errorFromEvent({ event: 'error', status: 400, code: 'completion_request_error', message }, SOURCE).code;
    expect(said('[openai] Rate limit reached')).toBe('provider_rate_limited');
    expect(said("This model's maximum context length is 8192")).toBe('context_too_long');
    expect(said('The engine is currently overloaded')).toBe('provider_overloaded');
    expect(said('whatever')).toBe('provider_unavailable');
    expect(said('[models] Error: API request failed with status code 401: Incorrect API key provided')).toBe(
      'dify_app_unavailable',
    );
  });

  it('with the code for wrong inputs is about inputs only when it speaks of them', () => {
    const said = (message: string) =>
      errorFromEvent({ event: 'error', status: 400, code: 'invalid_param', message }, SOURCE);
    expect(said('city is required in input form').code).toBe('dify_input_invalid');
    expect(said('Expecting value: line 1 column 1 (char 0)').code).toBe('provider_unavailable');
    expect(said('[openai] Rate Limit Error, input form').code).toBe('provider_rate_limited');
    const passedOn = reply(400, { code: 'invalid_param', message: '[models] Bad Request Error, no such tool' });
    expect(passedOn.code).toBe('provider_bad_request');
  });

  it('has its status as a number or as a text', () => {
    expect(['404', 404].map((status) => errorFromEvent({ status }, SOURCE).providerStatus)).toEqual([404, 404]);
    expect(errorFromEvent({ message: '', status: 500 }, SOURCE).message).toBe('dify.test failed: no reason given');
  });
});

describe('a failure after which nothing can run', () => {
  const network = (code: string) =>
    new AppError('provider_unavailable', 'x', { retryable: true, cause: Object.assign(new Error(code), { code }) });

  it('is one before the request, or a refusal for lack of room', () => {
    expect(['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH'].map(network).every(isUnsent)).toBe(true);
    expect([429, 502, 503, 504].map((status) => isUnsent(reply(status, {})))).toEqual([true, true, true, true]);
    expect(isUnsent(new AppError('provider_timeout', 'no connection', { retryable: true }))).toBe(true);
  });

  it('is none that came while the answer was awaited', () => {
    expect(['ECONNRESET', 'EPIPE', 'ETIMEDOUT'].map(network).some(isUnsent)).toBe(false);
    expect([400, 401, 500].map((status) => isUnsent(reply(status, {})))).toEqual([false, false, false]);
    expect(isUnsent(new AppError('provider_blocked', 'x'))).toBe(false);
  });
});
