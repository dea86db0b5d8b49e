import { describe, expect, it } from '@jest/globals';
import { ApiProblem } from '../../api/api-problem';
import { MemoryStorage } from '../browser-storage.testing';
import { withQuestionKey } from './question-keys';

describe('keys of questions', () => {
  Object.assign(globalThis, { sessionStorage: new MemoryStorage() });

  const keyOf = (body: string) => withQuestionKey(body, (key) => Promise.resolve(key));
  const lost = async (body: string, problem: ApiProblem) => {
    let used = '';
    const send = (key: string) => {
      used = key;

      return Promise.reject(problem);
    };
    await expect(withQuestionKey(body, send)).rejects.toBe(problem);

    return used;
  };

  it('stay the same while it is not known whether the question is stored', async () => {
    const key = await lost('one', new ApiProblem(0, 'unreachable', 'away'));
    expect(key).toMatch(/^[0-9a-f]{32}$/);
    expect(await lost('one', new ApiProblem(503, 'service_unavailable', 'away'))).toBe(key);
    expect(await lost('two', new ApiProblem(0, 'unreachable', 'away'))).not.toBe(key);
    const stored = JSON.parse(sessionStorage.getItem('conch-questions-under-way') ?? '[]') as { body: string }[];
    expect(stored).toContainEqual({ body: 'one', key, at: expect.any(Number) });
    expect(await keyOf('one')).toBe(key);
  });

  it('are new for a question that was stored, or refused', async () => {
    const first = await keyOf('three');
    expect(await keyOf('three')).not.toBe(first);
    const refused = await lost('four', new ApiProblem(413, 'prompt_too_long', 'too long'));
    expect(await keyOf('four')).not.toBe(refused);
  });
});
