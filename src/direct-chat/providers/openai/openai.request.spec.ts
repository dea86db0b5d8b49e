import { describe, expect, it } from '@jest/globals';
import { openaiRequest } from './openai.request.js';
import { chatRequest } from '../providers.testing.js';

const openai = (settings: Parameters<typeof chatRequest>[0] = {}, turn: Parameters<typeof chatRequest>[1] = {}) =>
  openaiRequest(chatRequest({ provider: 'openai', modelId: 'gpt-x', ...settings }, turn));

describe('address', () => {
  it.each([
    [null, 'https://api.openai.com/v1/chat/completions'],
    ['https://api.openai.com/v1/', 'https://api.openai.com/v1/chat/completions'],
    ['https://openrouter.ai/api/v1', 'https://openrouter.ai/api/v1/chat/completions'],
    ['https://api.deepseek.com', 'https://api.deepseek.com/v1/chat/completions'],
    ['http://ollama:11434/', 'http://ollama:11434/v1/chat/completions'],
    ['https://zhipu.test/api/paas/v4', 'https://zhipu.test/api/paas/v4/chat/completions'],
    ['https://x.test/v1/chat/completions', 'https://x.test/v1/chat/completions'],
    ['https://x.test/v1/responses', 'https://x.test/v1/chat/completions'],
    ['https://x.test/v1//?team=docs', 'https://x.test/v1/chat/completions?team=docs'],
    ...[
      ['', '/openai/v1/chat/completions'],
      ['/', '/openai/v1/chat/completions'],
      ['/openai', '/openai/v1/chat/completions'],
      ['/openai/v1/', '/openai/v1/chat/completions'],
      ['/openai/responses?api-version=2025-04-01-preview', '/openai/v1/chat/completions?api-version=preview'],
      ['/openai/deployments/d', '/openai/deployments/d/chat/completions?api-version=2024-10-21'],
      ['/openai/deployments/d?api-version=2025-01-01', '/openai/deployments/d/chat/completions?api-version=2025-01-01'],
      [
        '/openai/deployments/d/chat/completions?api-version=2025-01-01',
        '/openai/deployments/d/chat/completions?api-version=2025-01-01',
      ],
    ].map(([path, url]) => [`https://r.openai.azure.com${path}`, `https://r.openai.azure.com${url}`] as const),
    [
      'https://r.services.ai.azure.com/models?api-version=2024-05-01-preview',
      'https://r.services.ai.azure.com/models/chat/completions?api-version=2024-05-01-preview',
    ],
    [
      'https://gateway.test/team/openai/deployments/d',
      'https://gateway.test/team/openai/deployments/d/chat/completions?api-version=2024-10-21',
    ],
  ])('%s -> %s', (baseUrl, url) => expect(openai({ baseUrl }).url.href).toBe(url));
});

describe('headers', () => {
  it('carry the key as a bearer token', () => {
    expect(openai().headers).toEqual({ 'content-type': 'application/json', authorization: 'Bearer my-own-key-1234' });
    expect(openai({ apiKey: null }).headers).not.toHaveProperty('authorization');
    expect(openai({ apiKey: '' }).headers).not.toHaveProperty('authorization');
  });

  it('of the model win', () => {
    const headers = { Authorization: 'Token t', 'HTTP-Referer': 'https://conch.test' };
    expect(openai({ headers }).headers).toMatchObject({
      authorization: 'Token t',
      'http-referer': 'https://conch.test',
    });
  });

  it('for Azure carry the key under its own name, or an Entra token', () => {
    const baseUrl = 'https://r.openai.azure.com/openai/v1';
    expect(openai({ baseUrl }).headers).toEqual({ 'content-type': 'application/json', 'api-key': 'my-own-key-1234' });
    const entra = openai({ baseUrl, parameters: { authScheme: 'bearer' } }).headers;
    expect(entra).toMatchObject({ authorization: 'Bearer my-own-key-1234' });
    expect(entra).not.toHaveProperty('api-key');
    const gateway = openai({ baseUrl: 'https://gateway.test/openai/deployments/d' }).headers;
    expect(gateway).toMatchObject({ 'api-key': 'my-own-key-1234', authorization: 'Bearer my-own-key-1234' });
  });
});

describe('body (case 25)', () => {
  it('holds nothing that was not asked for', () => {
    expect(openai({ baseUrl: 'http://ollama:11434' }).body).toEqual({
      model: 'gpt-x',
      stream: true,
      stream_options: { include_usage: true },
      messages: [{ role: 'user', content: 'Hi' }],
    });
  });

  it('begins with one system message', () => {
    const { body } = openai({}, { system: 'Be brief.' });
    expect(body).toMatchObject({ messages: [{ role: 'system', content: 'Be brief.' }, { role: 'user' }] });
  });

  it.each([
    ['gpt-4o', 'system'],
    ['openai/o1-mini', 'user'],
  ])('gives %s the system prompt as %s', (modelId, role) => {
    const { body } = openai({ modelId, baseUrl: 'https://x.test/v1' }, { system: 'Be brief.' });
    const separate = [
      { role, content: 'Be brief.' },
      { role: 'user', content: 'Hi' },
    ];
    const joined = [{ role, content: 'Be brief.\n\nHi' }];
    expect(body).toHaveProperty('messages', role === 'user' ? joined : separate);
    const set = openai({ modelId, parameters: { systemRole: 'developer' } }, { system: 'Be brief.' }).body;
    expect(set).toMatchObject({ messages: [{ role: 'developer' }, { role: 'user' }] });
  });

  it.each(['o1', 'o3-mini', 'openai/o4-mini', 'gpt-5', 'gpt-5.1-chat', 'azure/gpt-5-mini'])(
    'bounds the answer of %s by max_completion_tokens, wherever it runs',
    (modelId) => {
      const settings = { modelId, baseUrl: 'https://gateway.test/v1', parameters: { maxTokens: 7 } };
      expect(openai(settings).body).toHaveProperty('max_completion_tokens', 7);
    },
  );

  it.each(['gpt-4o', 'gpt-50', 'o10', 'yolo1', 'llama-3'])('bounds the answer of %s by max_tokens', (modelId) => {
    const settings = { modelId, baseUrl: 'https://gateway.test/v1', parameters: { maxTokens: 7 } };
    expect(openai(settings).body).toHaveProperty('max_tokens', 7);
  });

  it.each([
    [null, undefined, 'max_completion_tokens'],
    ['https://api.openai.com/v1', undefined, 'max_completion_tokens'],
    ['http://ollama:11434', undefined, 'max_tokens'],
    ['http://vllm:8000/v1', 'max_completion_tokens', 'max_completion_tokens'],
    [null, 'max_tokens', 'max_tokens'],
  ] as const)('%s (%s) bounds the answer by %s', (baseUrl, maxTokensField, field) => {
    const { body } = openai({ baseUrl, parameters: { maxTokens: 7, ...(maxTokensField && { maxTokensField }) } });
    const other = field === 'max_tokens' ? 'max_completion_tokens' : 'max_tokens';
    expect(body).toHaveProperty(field, 7);
    expect(body).not.toHaveProperty(other);
  });

  it('leaves stream_options out for servers that refuse it', () => {
    expect(openai({ parameters: { streamUsage: false } }).body).not.toHaveProperty('stream_options');
  });

  it('holds the sampling settings and extra fields', () => {
    const parameters = { temperature: 0, topP: 1, stop: ['x'], reasoningEffort: 'low', extraBody: { seed: 1 } };
    expect(openai({ parameters }).body).toMatchObject({
      temperature: 0,
      top_p: 1,
      stop: ['x'],
      reasoning_effort: 'low',
      seed: 1,
    });
  });

  it('names the end user to OpenAI alone', () => {
    expect(openai().body).toHaveProperty('safety_identifier', 'u-7');
    expect(openai({ baseUrl: 'https://api.mistral.ai/v1' }).body).not.toHaveProperty('safety_identifier');
  });
});
