import { describe, expect, it } from '@jest/globals';
import { canRetry, isActive, isTaskStatus, spanOf } from './task-state';

describe('the state of a task', () => {
  it('says whether it goes on, and whether it can be retried', () => {
    expect(
      (['PENDING', 'RUNNING', 'CANCELLING', 'COMPLETED', 'FAILED', 'CANCELLED'] as const).map((s) => [
        isActive(s),
        canRetry(s),
      ]),
    ).toEqual([
      [true, false],
      [true, false],
      [true, false],
      [false, false],
      [false, true],
      [false, true],
    ]);
  });

  it('is one of those that lists have', () => {
    expect(['RUNNING', 'DELETE', 'x', undefined].map(isTaskStatus)).toEqual([true, false, false, false]);
  });
});

describe('spanOf', () => {
  const created_at = '2026-01-01T00:00:00Z';
  const now = Date.parse('2026-01-01T00:01:00Z');

  it('ends with the task, or now; clocks that differ give no negative span', () => {
    expect(spanOf({ created_at, completed_at: '2026-01-01T00:00:02Z' }, now)).toBe(2000);
    expect(spanOf({ created_at, completed_at: null }, now)).toBe(60_000);
    expect(spanOf({ created_at: '2026-01-01T00:02:00Z', completed_at: null }, now)).toBe(0);
  });
});
