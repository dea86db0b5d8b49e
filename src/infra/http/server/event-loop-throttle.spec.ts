import { describe, expect, it } from '@jest/globals';
import { setImmediate as turn } from 'node:timers/promises';
import { EventLoopThrottle } from './event-loop-throttle.js';

describe('LoopTurns', () => {
  it('begins lone work at once', () => {
    let begun = false;
    new EventLoopThrottle().begin(() => (begun = true));
    expect(begun).toBe(true);
  });

  it('spreads a burst over turns, in order, and loses nothing', async () => {
    const turns = new EventLoopThrottle();
    const begun: number[] = [];
    for (let i = 0; i < 50; i += 1) turns.begin(() => begun.push(i));
    expect(begun.length).toBeLessThan(10);
    let passed = 0;
    for (; begun.length < 50; passed += 1) await turn();
    expect(passed).toBeGreaterThan(5);
    expect(begun).toEqual(Array.from({ length: 50 }, (_, i) => i));
  });

  it('lets what comes later wait its turn', async () => {
    const turns = new EventLoopThrottle();
    const begun: string[] = [];
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) turns.begin(() => begun.push(name));
    await turn();
    turns.begin(() => begun.push('g'));
    while (begun.length < 7) await turn();
    expect(begun.join('')).toBe('abcdefg');
  });
});
