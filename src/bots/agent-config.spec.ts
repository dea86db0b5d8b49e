import { describe, expect, it } from '@jest/globals';
import { modelSettingsFromEnv } from './agent-config.js';

const read = (env: Record<string, unknown>) => modelSettingsFromEnv('bot', env);

describe('modelSettingsFromEnv', () => {
  it('reads the plain names', () => {
    expect(read({ MODEL_TYPE: 'openai', MODEL_ID: 'qwen', API_KEY: 'k', BASE_URL: 'http://h/v1' })).toEqual({
      name: 'bot',
      provider: 'openai',
      modelId: 'qwen',
      baseUrl: 'http://h/v1',
      apiKey: 'k',
      headers: {},
      parameters: {},
    });
  });

  it("reads Wegent's lower-case form, where model means the type", () => {
    const env = {
      model: 'claude',
      model_id: 'claude-x',
      api_key: 'k',
      base_url: 'http://h',
      custom_headers: { 'X-A': 'b', 'X-N': 5 },
    };

    expect(read(env)).toMatchObject({
      provider: 'claude',
      modelId: 'claude-x',
      apiKey: 'k',
      baseUrl: 'http://h',
      headers: { 'X-A': 'b', 'X-N': '5' },
    });
  });

  it.each<[string, Record<string, unknown>]>([
    ['claude', { ANTHROPIC_API_KEY: 'k', ANTHROPIC_MODEL: 'm', ANTHROPIC_BASE_URL: 'http://h' }],
    ['openai', { OPENAI_API_KEY: 'k', MODEL: 'm', OPENAI_BASE_URL: 'http://h' }],
    ['openai', { OPENAI_API_KEY: 'k', OPENAI_MODEL: 'm', OPENAI_BASE_URL: 'http://h' }],
    ['openai', { API_KEY: 'k', MODEL: 'm', API_BASE_URL: 'http://h' }],
    ['openai', { apiKey: 'k', modelId: 'm', baseUrl: 'http://h' }],
    ['claude', { 'api-key': 'k', model: 'Anthropic', model_id: 'm', base_url: 'http://h' }],
  ])('reads %s from %j', (provider, env) => {
    expect(read(env)).toMatchObject({ provider, modelId: 'm', apiKey: 'k', baseUrl: 'http://h', parameters: {} });
  });

  it.each<[string, Record<string, unknown>]>([
    ['claude', { MODEL_TYPE: 'claude', MODEL_ID: 'gpt-x' }],
    ['claude', { MODEL_TYPE: 'Claude', OPENAI_API_KEY: 'k', MODEL_ID: 'm' }],
    ['openai', { MODEL_TYPE: 'openai', ANTHROPIC_API_KEY: 'k', MODEL_ID: 'claude-x' }],
    ['claude', { MODEL_ID: 'claude-x' }],
    ['claude', { MODEL: 'Claude-3' }],
    ['openai', { MODEL_ID: 'my-claude' }],
    ['claude', { MODEL_ID: 'm', ANTHROPIC_AUTH_TOKEN: 't' }],
    ['openai', { MODEL_ID: 'm', ANTHROPIC_API_KEY: '' }],
    ['openai', { MODEL_ID: 'm' }],
  ])('takes %s for %j', (provider, env) => {
    expect(read(env).provider).toBe(provider);
  });

  it('sends an auth token as bearer, unless there is a key', () => {
    const token = { ANTHROPIC_AUTH_TOKEN: 't', ANTHROPIC_MODEL: 'm' };

    expect(read(token)).toMatchObject({ apiKey: 't', parameters: { authScheme: 'bearer' } });
    expect(read({ ...token, ANTHROPIC_API_KEY: 'k' })).toMatchObject({ apiKey: 'k', parameters: {} });
  });

  it("never takes the other vendor's key or address", () => {
    const env = {
      MODEL_TYPE: 'openai',
      MODEL_ID: 'm',
      ANTHROPIC_API_KEY: 'k',
      ANTHROPIC_AUTH_TOKEN: 't',
      ANTHROPIC_BASE_URL: 'http://a',
    };

    expect(read(env)).toMatchObject({ apiKey: null, baseUrl: null });
  });

  it('ignores blanks and other names, and trims', () => {
    const env = { MODEL_ID: ' m ', model_id: 'n', API_KEY: '  ', OPENAI_API_KEY: ' k ', BASE_URL: null, OTHER: {} };

    expect(read(env)).toMatchObject({ modelId: 'm', apiKey: 'k', baseUrl: null });
  });

  it('reads headers from JSON text', () => {
    expect(read({ MODEL: 'm', CUSTOM_HEADERS: '{"X-A":"b"}' }).headers).toEqual({ 'X-A': 'b' });
  });

  it.each<[string, Record<string, unknown>]>([
    ['has no MODEL_ID (or MODEL, OPENAI_MODEL)', {}],
    ['has no MODEL_ID (or MODEL, ANTHROPIC_MODEL)', { model: 'claude' }],
    ['has no MODEL_ID', { MODEL_ID: ['m'] }],
    ['has the unknown MODEL_TYPE "gemini": use claude or openai', { MODEL_TYPE: 'gemini', MODEL_ID: 'm' }],
    ['has a base URL that must be an http:// or https:// URL', { MODEL_ID: 'm', BASE_URL: 'example.org' }],
    ['has a base URL that must not hold credentials', { MODEL_ID: 'm', BASE_URL: 'http://a:b@h' }],
    ['has custom_headers that are not a JSON object', { MODEL_ID: 'm', custom_headers: 'X-A: b' }],
    ['has custom_headers that are not a JSON object', { MODEL_ID: 'm', custom_headers: ['X-A'] }],
    [
      'has a wrong header: custom_headers.X-A must not hold line breaks',
      { MODEL_ID: 'm', custom_headers: { 'X-A': 'a\nb' } },
    ],
  ])('says that it %s', (problem, env) => {
    expect(() => read(env)).toThrow(`Bot "bot": agent_config.env ${problem}`);
    expect(() => read(env)).toThrow(expect.objectContaining({ code: 'model_not_configured' }));
  });

  it('does not repeat secrets in its messages', () => {
    const env = { MODEL_ID: 'm', API_KEY: 'sk-secret', BASE_URL: 'http://user:sk-secret@h' };

    expect(() => read(env)).toThrow(expect.objectContaining({ message: expect.not.stringContaining('sk-secret') }));
  });
});
