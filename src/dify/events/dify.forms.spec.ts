import { describe, expect, it } from '@jest/globals';
import type { DifyRun, PendingForm } from '../../common/contracts/dify.js';
import { hasWaitedTooLong, isAnswered, nextCheckAt } from './dify.forms.js';

const HOUR = 3_600_000;
const form = (token: string | null, expiresAt: number | null = null): PendingForm => {
  return { token, nodeId: `node of ${token}`, expiresAt };
};
const run = (more: Partial<DifyRun>): DifyRun => ({ mode: 'workflow', botId: 1, pausedAt: 0, ...more });

describe('a run that waits', () => {
  it('is answered when all of its forms were answered here', () => {
    expect(isAnswered(run({ forms: [form('a')], answered: ['a'] }))).toBe(true);
    expect(isAnswered(run({ forms: [form('a'), form('b')], answered: ['a'] }))).toBe(false);
    expect(isAnswered(run({ forms: [form(null)], answered: [] }))).toBe(false);
    expect(isAnswered(run({}))).toBe(false);
  });

  it('is looked at less and less often, and when something ends', () => {
    const looks = (forms: PendingForm[], now: number, limitMs = HOUR) =>
      nextCheckAt(run({ forms }), limitMs, now) - now;
    expect([0, 10_000, 200_000].map((now) => looks([form('a')], now))).toEqual([2_000, 5_000, 30_000]);
    expect(looks([form('a', 210_000)], 200_000)).toBe(11_000);
    expect(looks([form('a')], 200_000, 205_000)).toBe(5_000);
    // Dify may need a moment to notice.
    expect(looks([form('a', 199_000)], 200_000)).toBe(30_000);
  });

  it('is given up at our limit, or some time after its form', () => {
    const late = (forms: PendingForm[], now: number) => hasWaitedTooLong(run({ forms }), HOUR, now);
    expect([HOUR - 1, HOUR].map((now) => late([form('a')], now))).toEqual([false, true]);
    expect([69_999, 70_000].map((now) => late([form('a', 10_000)], now))).toEqual([false, true]);
    expect(late([form('a', 10_000), form('b')], 70_000)).toBe(false);
  });
});
