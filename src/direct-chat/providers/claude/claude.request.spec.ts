import { describe, expect, it } from '@jest/globals';
import type { ChatMessage } from '../../../common/contracts/chat-provider.js';
import { claudeRequest } from './claude.request.js';
import { chatRequest } from '../providers.testing.js';

const user = (content: string): ChatMessage => ({ role: 'user', content });
const assistant = (content: string): ChatMessage => ({ role: 'assistant', content });

describe('address', () => {
  it.each([
    [null, 'https://api.anthropic.com/v1/messages'],
    ['https://api.anthropic.com', 'https://api.anthropic.com/v1/messages'],
    ['https://gateway.test/', 'https://gateway.test/v1/messages'],
    ['https://gateway.test/v1', 'https://gateway.test/v1/messages'],
    [' https://gateway.test/v1/ ', 'https://gateway.test/v1/messages'],
    ['https://gateway.test/anthropic//', 'https://gateway.test/anthropic/v1/messages'],
    ['https://gateway.test/v1/messages', 'https://gateway.test/v1/messages'],
    ['https://gateway.test/x?tenant=1', 'https://gateway.test/x/v1/messages?tenant=1'],
  ])('%s -> %s', (baseUrl, url) => expect(claudeRequest(chatRequest({ baseUrl })).url.href).toBe(url));

  it('that is none is refused', () => {
    expect(() => claudeRequest(chatRequest({ baseUrl: 'gateway.test' }))).toThrow(/base URL is not usable/);
  });
});

describe('headers (case 21)', () => {
  it('carry the version and exactly one credential', () => {
    expect(claudeRequest(chatRequest()).headers).toEqual({
      'content-type': 'application/json',
      accept: 'text/event-stream',
      'anthropic-version': '2023-06-01',
      'x-api-key': 'my-own-key-1234',
    });
    const bearer = claudeRequest(chatRequest({ parameters: { authScheme: 'bearer' } })).headers;
    expect(bearer).toMatchObject({ authorization: 'Bearer my-own-key-1234' });
    expect(bearer).not.toHaveProperty('x-api-key');
  });

  it('of the model win, whatever their case', () => {
    const headers = { 'Anthropic-Version': '2026-10-21', 'anthropic-beta': 'a,b', 'Content-Length': '3' };
    expect(claudeRequest(chatRequest({ headers })).headers).toMatchObject({
      'anthropic-version': '2026-10-21',
      'anthropic-beta': 'a,b',
    });
    expect(claudeRequest(chatRequest({ headers })).headers).not.toHaveProperty('content-length');
  });

  it('keep to one credential when the model brings its own', () => {
    const own = claudeRequest(chatRequest({ headers: { Authorization: 'Bearer other' } })).headers;
    expect(own).toMatchObject({ authorization: 'Bearer other' });
    expect(own).not.toHaveProperty('x-api-key');
    const both = claudeRequest(chatRequest({ headers: { Authorization: 'Bearer other', 'X-Api-Key': 'k' } })).headers;
    expect(both).toMatchObject({ 'x-api-key': 'k' });
    expect(both).not.toHaveProperty('authorization');
  });

  it('carry no credential when there is none', () => {
    const { headers } = claudeRequest(chatRequest({ apiKey: null, baseUrl: 'http://local' }));
    expect(Object.keys(headers)).toEqual(['content-type', 'anthropic-version', 'accept']);
  });
});

describe('body', () => {
  it('holds nothing that was not asked for', () => {
    expect(claudeRequest(chatRequest()).body).toEqual({
      model: 'claude-x',
      max_tokens: 4096,
      stream: true,
      messages: [{ role: 'user', content: 'Hi' }],
      metadata: { user_id: 'u-7' },
    });
  });

  it('holds what was asked for', () => {
    const thinking = { type: 'enabled', budget_tokens: 2048 };
    const parameters = { maxTokens: 9, temperature: 0, topP: 0.5, stop: ['x'], thinking };
    const extraBody = { service_tier: 'auto', max_tokens: 10 };
    const request = chatRequest({ parameters: { ...parameters, extraBody } }, { system: 'Be brief.' });
    expect(claudeRequest(request).body).toMatchObject({
      ...{ max_tokens: 10, temperature: 0, top_p: 0.5, stop_sequences: ['x'], thinking, service_tier: 'auto' },
      system: 'Be brief.',
    });
  });

  it('has no blank system text', () => {
    expect(claudeRequest(chatRequest({}, { system: ' \n' })).body).not.toHaveProperty('system');
  });

  it.each([
    ['neighbours merge', [user('a'), user('b')], [user('a\n\nb')]],
    ['an aborted turn leaves', [user('a'), assistant(''), user('b')], [user('a\n\nb')]],
    ['the first is the user', [assistant('hello'), user('a')], [user('a')]],
    ['the last is the user', [user('a'), assistant('b')], [user('a')]],
    [
      'blank text is empty',
      [user('a'), assistant(' \n'), assistant('b'), user('c')],
      [user('a'), assistant('b'), user('c')],
    ],
  ])('roles: %s', (_name, messages, sent) => {
    const before = structuredClone(messages);
    expect(claudeRequest(chatRequest({}, { messages })).body).toMatchObject({ messages: sent });
    expect(messages).toEqual(before);
  });

  it('is refused without a prompt', () => {
    expect(() => claudeRequest(chatRequest({}, { messages: [user(' ')] }))).toThrow(/no prompt/);
  });
});
