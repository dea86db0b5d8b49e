import { describe, expect, it } from '@jest/globals';
import type { ChatMessage } from '../../common/contracts/chat-provider.js';
import type { DifyFile, DifyMode, DifyTurn } from '../../common/contracts/dify.js';
import { runBody } from './dify.request.js';

const FILE: DifyFile = { type: 'image', transfer_method: 'remote_url', url: 'https://x.test/a.png' };
const BEFORE: ChatMessage[] = [
  { role: 'user', content: 'One?' },
  { role: 'assistant', content: 'First.' },
];

function body(mode: DifyMode, turn: Partial<DifyTurn> = {}, { conversation = '', before = BEFORE } = {}) {
  const connection = { baseUrl: 'https://dify.test/v1', apiKey: 'k', appId: null, mode: null, inputs: {} };
  const dify: DifyTurn = { botId: 1, connection, inputs: { city: 'Graz' }, files: [], ...turn };
  const messages = [...before, { role: 'user', content: 'Two?' } as const];

  return runBody({ dify, messages, endUser: 'conch-1' }, mode, conversation);
}

describe('the body of a run', () => {
  it('of a chat holds the question only: the app knows the rest', () => {
    expect(body('agent-chat', { files: [FILE] }, { conversation: 'c1' })).toEqual({
      ...{ inputs: { city: 'Graz' }, query: 'Two?', conversation_id: 'c1', auto_generate_name: true },
      ...{ response_mode: 'streaming', user: 'conch-1', files: [FILE] },
    });
  });

  it('of a new conversation tells the last turns, as many as have room', () => {
    const told = body('chat')['query'];
    expect(told).toBe('This is what was said so far:\n\nUser: One?\n\nAssistant: First.\n\nUser: Two?');
    const long = [{ role: 'user', content: 'x'.repeat(9_000) } as const, ...BEFORE];
    expect(body('chat', {}, { before: long })['query']).toBe(told);
    expect(body('chat', {}, { before: [] })['query']).toBe('Two?');
  });

  it('of a new conversation tells the beginning of a last message that has no room, in whole characters', () => {
    const before = [{ role: 'assistant', content: `a${'🐚'.repeat(5_000)}` } as const];
    const told = String(body('chat', {}, { before })['query']);
    expect(told).toContain(`Assistant: a${'🐚'.repeat(3_999)}…`);
    expect(told.isWellFormed()).toBe(true);
  });

  it('of a workflow has the text among its inputs, unless they bring their own', () => {
    expect(body('workflow')).toEqual({
      ...{ inputs: { query: 'Two?', city: 'Graz' }, response_mode: 'streaming', user: 'conch-1' },
    });
    for (const own of [{ query: 'q' }, { user_query: 'q' }]) {
      expect(body('workflow', { inputs: own })['inputs']).toEqual(own);
    }
  });

  it('of a completion has the text where new and old apps look for it', () => {
    expect(body('completion')).toMatchObject({ query: 'Two?', inputs: { query: 'Two?', city: 'Graz' } });
  });
});
