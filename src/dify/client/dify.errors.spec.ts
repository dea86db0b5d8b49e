import { describe, expect, it } from '@jest/globals';
import { AppError } from '../../common/app-error.js';
import { errorFromEvent, errorFromReply, isLostConversation, isUnsent, isWrongMode } from './dify.errors.js';

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
    expect(reply(401, { message: 'Key app-secret-1 is bad' }).message).toBe(
      'dify.test answered HTTP 401: Key *** is bad',
    );
  });

  it('tells of another kind of app, or of a conversation that is gone', () => {
    expect([400, 404].map((status) => isWrongMode(reply(status, { code: 'not_chat_app' })))).toEqual([true, true]);
    expect(isWrongMode(reply(400, { code: 'invalid_param' }))).toBe(false);
    const gone = [reply(404, { code: 'not_found' }), reply(400, { code: 'conversation_completed' })];
    expect(gone.map(isLostConversation)).toEqual([true, true]);
    expect(isLostConversation(reply(400, { code: 'invalid_param' }))).toBe(false);
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
