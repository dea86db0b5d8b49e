import { describe, expect, it } from '@jest/globals';
import { pollUntil } from './poll-until.js';

describe('pollUntil', () => {
  it('asks until there is an answer', async () => {
    const answers = [undefined, false as const, null];

    await expect(pollUntil(() => answers.shift(), { everyMs: 1 })).resolves.toBeNull();
    expect(answers).toEqual([]);
  });

  it('asks at least once, and gives undefined when the time is over', async () => {
    let asked = 0;
    const never = () => {
      asked += 1;

      return Promise.resolve(undefined);
    };

    await expect(pollUntil(never, { everyMs: 1, timeoutMs: 0 })).resolves.toBeUndefined();
    expect(asked).toBe(1);
  });

  it('ends with its signal, and with what it asks', async () => {
    const controller = new AbortController();
    const polling = pollUntil(() => false as const, { everyMs: 60_000, signal: controller.signal });
    controller.abort();

    await expect(polling).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
    await expect(pollUntil(() => Promise.reject(new Error('down')), { everyMs: 1 })).rejects.toThrow('down');
  });
});
