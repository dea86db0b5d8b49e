import { describe, expect, it } from '@jest/globals';
import { fieldsOf, isObjectText, requestOf, testOf } from './model-fields';

const STORED = {
  name: 'mine',
  type: 'user' as const,
  displayName: null,
  provider: 'claude' as const,
  modelId: 'm-1',
  baseUrl: null,
  apiKey: '***1234',
  headers: { 'X-Team': 'docs' },
  parameters: {
    maxTokens: 100,
    thinkTag: 'off' as const,
    prices: { input: 3, output: 15, currency: 'USD' },
  },
  isActive: true,
  createdAt: '2026-01-01T00:00:00Z',
  updatedAt: '2026-01-01T00:00:00Z',
};

describe('fields of a model', () => {
  it('come back as they are stored, without the key', () => {
    expect(requestOf(fieldsOf(STORED))).toEqual({
      name: 'mine',
      displayName: null,
      provider: 'claude',
      modelId: 'm-1',
      baseUrl: null,
      headers: { 'X-Team': 'docs' },
      parameters: STORED.parameters,
    });
  });

  it('leave out what is blank', () => {
    const fields = { ...fieldsOf(null), name: ' new ', modelId: ' gpt ', headers: [{ name: ' ', value: 'x' }] };

    expect(requestOf(fields)).toEqual({
      name: 'new',
      displayName: null,
      provider: 'openai',
      modelId: 'gpt',
      baseUrl: null,
      headers: {},
      parameters: {},
    });
  });

  it('are tested as they would be stored, with the key', () => {
    expect(testOf({ ...fieldsOf(STORED), apiKey: 'sk-1' })).toMatchObject({
      provider_type: 'claude',
      api_key: 'sk-1',
      parameters: { maxTokens: 100 },
    });
  });
});

describe('isObjectText', () => {
  it.each([
    ['', true],
    ['{"a":1}', true],
    ['[1]', false],
    ['{', false],
    ['null', false],
  ])('%j: %s', (text, expected) => expect(isObjectText(text)).toBe(expected));
});
