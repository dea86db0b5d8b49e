import { describe, expect, it } from '@jest/globals';
import { DeadlineError, within, withinOr } from './within.js';

const never = new Promise<never>(() => undefined);

describe('within', () => {
  it('gives what the work gives', async () => {
    await expect(within(60_000, 'late', Promise.resolve(1))).resolves.toBe(1);
    await expect(within(60_000, 'late', Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  });

  it('throws its message when the work takes longer', async () => {
    const late = within(1, 'it does not answer', never);

    await expect(late).rejects.toThrow(new DeadlineError('it does not answer'));
  });
});

describe('withinOr', () => {
  it('gives the fallback when the work takes longer', async () => {
    await expect(withinOr(1, null, never)).resolves.toBeNull();
    await expect(withinOr(60_000, null, Promise.resolve('done'))).resolves.toBe('done');
  });
});
