import { describe, expect, it } from '@jest/globals';
import { MemoryStorage } from './browser-storage.testing';
import { forgetQuestionKey, questionKey } from './question-keys';

describe('keys of questions', () => {
  Object.assign(globalThis, { sessionStorage: new MemoryStorage() });

  it('stay the same until the question is stored or refused', () => {
    const key = questionKey('{"prompt":"one"}');
    expect(key).toMatch(/^[0-9a-f]{32}$/);
    expect(questionKey('{"prompt":"one"}')).toBe(key);
    expect(questionKey('{"prompt":"two"}')).not.toBe(key);
    forgetQuestionKey('{"prompt":"one"}');
    expect(questionKey('{"prompt":"one"}')).not.toBe(key);
  });

  it('are kept over a reload', () => {
    const key = questionKey('{"prompt":"kept"}');
    const stored = JSON.parse(sessionStorage.getItem('conch-questions-under-way') ?? '[]') as { body: string }[];
    expect(stored).toContainEqual({ body: '{"prompt":"kept"}', key, at: expect.any(Number) });
  });
});
