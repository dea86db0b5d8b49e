import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ChatMessage } from '../../common/contracts/chat-provider.js';
import { estimateTokens, fitIntoWindow } from './context-window.js';

const say = (role: ChatMessage['role'], tokens: number): ChatMessage => ({ role, content: 'x'.repeat(tokens * 4) });
const turns = (count: number, tokens: number) =>
  Array.from({ length: count }, () => [say('user', tokens), say('assistant', tokens)]).flat();

describe('estimateTokens', () => {
  it('counts four ASCII characters, or one other, as a token', () => {
    expect(estimateTokens('abcdefgh')).toBe(2);
    expect(estimateTokens('你好吗')).toBe(3);
    expect(estimateTokens('')).toBe(0);
  });
});

describe('fitIntoWindow', () => {
  it('leaves a short conversation as it is', () => {
    const messages = [...turns(3, 10), say('user', 10)];
    expect(fitIntoWindow(messages, 'system', {})).toEqual(messages);
  });

  it('drops the oldest turns first, question and answer together', () => {
    const messages = [...turns(10, 100), say('user', 100)];
    const kept = fitIntoWindow(messages, '', { contextWindow: 800, maxTokens: 200 });
    expect(kept.length).toBeLessThan(messages.length);
    expect(kept).toEqual(messages.slice(-kept.length));
    expect(kept[0]?.role).toBe('user');
  });

  it('keeps the question even when it alone is too long', () => {
    const question = say('user', 10_000);
    expect(fitIntoWindow([...turns(2, 10), question], '', { contextWindow: 1000 })).toEqual([question]);
  });

  it('makes room for the system prompt', () => {
    const messages = [...turns(4, 50), say('user', 50)];
    const room = { contextWindow: 600, maxTokens: 100 };
    expect(fitIntoWindow(messages, 'x'.repeat(1200), room).length).toBeLessThan(
      fitIntoWindow(messages, '', room).length,
    );
  });

  it('always ends with the question and begins with one', () => {
    const conversation = fc.array(fc.nat(400), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(conversation, fc.integer({ min: 10, max: 5000 }), (sizes, contextWindow) => {
        const messages = [...sizes.flatMap((size) => [say('user', size), say('assistant', size)]), say('user', 5)];
        const kept = fitIntoWindow(messages, '', { contextWindow, maxTokens: 10 });
        expect(kept.at(-1)).toBe(messages.at(-1));
        expect(kept[0]?.role).toBe('user');
        expect(kept).toEqual(messages.slice(-kept.length));
      }),
    );
  });
});
