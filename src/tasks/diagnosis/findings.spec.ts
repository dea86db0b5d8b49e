import { describe, expect, it } from '@jest/globals';
import type { SubtaskRow } from '../turns/answer-turn.js';
import { duration, fromRow, ofEnded, ofUnasked, withCancel } from './findings.js';

const NOW = Date.parse('2026-01-01T00:10:00Z');
const at = (secondsAgo: number) => new Date(NOW - secondsAgo * 1000);
const task = { id: 5, status: 'FAILED' as const, errorMessage: 'no luck', updatedAt: at(5), completedAt: at(9) };

describe('findings', () => {
  it('of a failed task name the reason and the way to try again', () => {
    expect(ofEnded(task)).toMatchObject({
      lastEventAt: at(9),
      nextAction: 'retry',
      hints: ['It has ended (FAILED): no luck', expect.stringContaining('/api/tasks/5/retry')],
    });
  });

  it('of a task that ended otherwise ask for nothing', () => {
    expect(ofEnded({ ...task, status: 'CANCELLED' })).toMatchObject({
      nextAction: 'none',
      hints: ['It has ended (CANCELLED)'],
    });
  });

  it('of an answer that nobody asked for say how to start it', () => {
    const subtask = { taskId: 5, createdAt: at(30), updatedAt: at(30) } as SubtaskRow;
    expect(ofUnasked(subtask, 0, NOW)).toMatchObject({
      nextAction: 'start_answer',
      hints: [expect.stringMatching(/for 30 s: POST \/api\/direct-chat\/5\/stream starts it$/)],
    });
    expect(ofUnasked(subtask, 35_000, NOW)).toMatchObject({
      nextAction: 'wait',
      hints: [expect.stringMatching(/it begins by itself in 5 s$/)],
    });
    expect(ofUnasked(subtask, 5_000, NOW).hints[0]).toContain('by itself as soon as there is room');
  });

  it('of a cancel come first, with its deadline', () => {
    const base = { ...fromRow({ updatedAt: at(1) }), nextAction: 'check_executors' as const, hints: ['It waits'] };
    expect(withCancel(base, NOW - 20_000, 60, NOW)).toMatchObject({
      nextAction: 'wait',
      hints: [expect.stringMatching(/^Cancelled 20 s ago.*in 40 s/), 'It waits'],
    });
    expect(withCancel(base, NOW - 90_000, 60, NOW).hints[0]).toContain('in 0 s');
    expect(withCancel(base, null, 60, NOW).hints[0]).toContain('60 s after the request');
  });

  it.each([
    [0, '0 s'],
    [-5000, '0 s'],
    [1499, '1 s'],
    [119_000, '119 s'],
    [121_000, '2 min'],
  ])('tell %i ms as %s', (ms, text) => {
    expect(duration(ms)).toBe(text);
  });
});
