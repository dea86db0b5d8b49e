import { describe, expect, it } from '@jest/globals';
import { TtlCache } from './ttl-cache.js';

function setUp(keep?: (value: string) => boolean) {
  const state = { now: 0, loads: [] as string[], fail: false };
  const load = (key: string) => {
    state.loads.push(key);

    return state.fail ? Promise.reject(new Error('down')) : Promise.resolve(`${key}@${state.now}`);
  };
  const cache = new TtlCache(load, { ttlMs: 100, maxEntries: 2, now: () => state.now, ...(keep && { keep }) });

  return { cache, state };
}

describe('TtlCache', () => {
  it('remembers for its time', async () => {
    const { cache, state } = setUp();
    await cache.get('a');
    state.now = 99;
    await expect(cache.get('a')).resolves.toBe('a@0');
    state.now = 100;
    await expect(cache.get('a')).resolves.toBe('a@100');
  });

  it('makes one look-up of many at once', async () => {
    const { cache, state } = setUp();
    await Promise.all([cache.get('a'), cache.get('a'), cache.get('a')]);

    expect(state.loads).toEqual(['a']);
  });

  it('remembers neither failures nor what is not worth it', async () => {
    const { cache, state } = setUp((value) => value !== 'b@0');
    state.fail = true;
    await expect(cache.get('a')).rejects.toThrow('down');
    state.fail = false;
    await cache.get('a');
    await cache.get('b');
    await cache.get('b');

    expect(state.loads).toEqual(['a', 'a', 'b', 'b']);
  });

  it('forgets on request, and the oldest when it is full', async () => {
    const { cache, state } = setUp();
    await cache.get('a');
    cache.forget('a');
    await cache.get('a');
    await cache.get('b');
    await cache.get('c');
    await cache.get('b');
    await cache.get('a');
    cache.clear();
    await cache.get('c');

    expect(state.loads).toEqual(['a', 'a', 'b', 'c', 'a', 'c']);
  });
});
