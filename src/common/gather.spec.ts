import { describe, expect, it } from '@jest/globals';
import { Gather } from './gather.js';

describe('Gather', () => {
  it('looks up at once what is asked for in one turn', async () => {
    const lookups: (readonly number[])[] = [];
    const gather = new Gather<number, string>(10, (keys) => {
      lookups.push(keys);

      return Promise.resolve(new Map(keys.filter((key) => key > 0).map((key) => [key, `row ${key}`])));
    });
    expect(await Promise.all([1, 2, 2, -1].map((key) => gather.get(key)))).toEqual(['row 1', 'row 2', 'row 2', null]);
    expect(await gather.get(1)).toBe('row 1');
    expect(lookups).toEqual([[1, 2, -1], [1]]);
  });

  it('tells all of them what went wrong, and looks again the next time', async () => {
    let fails = true;
    const gather = new Gather<number, number>(10, (keys) =>
      fails ? Promise.reject(new Error('away')) : Promise.resolve(new Map(keys.map((key) => [key, key]))),
    );
    const both = await Promise.allSettled([gather.get(1), gather.get(2)]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    fails = false;
    expect(await gather.get(1)).toBe(1);
  });
});
