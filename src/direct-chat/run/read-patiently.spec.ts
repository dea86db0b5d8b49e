import { describe, expect, it } from '@jest/globals';
import { DrizzleQueryError } from 'drizzle-orm';
import { readPatiently } from './read-patiently.js';

const away = () => new DrizzleQueryError('select 1', [], Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }));
const never = new AbortController().signal;

describe('readPatiently', () => {
  it('reads again when the database was away', async () => {
    const errors = [away()];
    const read = () => {
      const error = errors.pop();

      return error ? Promise.reject(error) : Promise.resolve('read');
    };

    expect(await readPatiently(read, never)).toBe('read');
  });

  it('passes on what is wrong with the read itself', async () => {
    await expect(readPatiently(() => Promise.reject(new Error('no such team')), never)).rejects.toThrow('no such team');
  });

  it('ends with its signal', async () => {
    const stop = new AbortController();
    const ended = readPatiently(() => Promise.reject(away()), stop.signal);
    stop.abort();

    await expect(ended).rejects.toMatchObject({ name: 'AbortError' });
  });
});
