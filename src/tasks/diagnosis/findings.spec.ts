import { describe, expect, it } from '@jest/globals';
import type { SubtaskRow } from '../turns/answer-turn.js';
import { type Findings, fromRow, ofEnded, ofUnasked, withCancel } from './findings.js';
import { hint, textOf } from './hints.js';

const NOW = Date.parse('2026-01-01T00:10:00Z');
const at = (secondsAgo: number) => new Date(NOW - secondsAgo * 1000);
/** Findings with their sentences. */
const told = (findings: Findings) => ({ ...findings, hints: findings.hints.map(textOf) });
const task = { id: 5, status: 'FAILED' as const, errorMessage: 'no luck', updatedAt: at(5), completedAt: at(9) };

describe('findings', () => {
  it('of a failed task name the reason and the way to try again', () => {
    expect(told(ofEnded(task))).toMatchObject({
      lastEventAt: at(9),
      nextAction: 'retry',
      hints: ['It has ended (FAILED): no luck', expect.stringContaining('/api/tasks/5/retry')],
    });
  });

  it('of a task that ended otherwise ask for nothing', () => {
    expect(told(ofEnded({ ...task, status: 'CANCELLED' }))).toMatchObject({
      nextAction: 'none',
      hints: ['It has ended (CANCELLED)'],
    });
  });

  it('of an answer that nobody asked for say how to start it', () => {
    const subtask = { taskId: 5, createdAt: at(30), updatedAt: at(30) } as SubtaskRow;
    expect(told(ofUnasked(subtask, 0, NOW))).toMatchObject({
      nextAction: 'start_answer',
      hints: [expect.stringMatching(/for 30 s: POST \/api\/direct-chat\/5\/stream starts it$/)],
    });
    expect(told(ofUnasked(subtask, 35_000, NOW))).toMatchObject({
      nextAction: 'wait',
      hints: [expect.any(String), 'It begins by itself in 5 s'],
    });
    expect(told(ofUnasked(subtask, 5_000, NOW)).hints[1]).toBe('It begins by itself as soon as there is room for it');
  });

  it('of a cancel come first, with its deadline', () => {
    const base = {
      ...fromRow({ updatedAt: at(1) }),
      nextAction: 'check_executors' as const,
      hints: [hint('queued', {})],
    };
    expect(told(withCancel(base, NOW - 20_000, 60, NOW))).toMatchObject({
      nextAction: 'wait',
      hints: [expect.stringMatching(/^Cancelled 20 s ago.*in 40 s/), 'It waits for a free place'],
    });
    expect(told(withCancel(base, NOW - 90_000, 60, NOW)).hints[0]).toContain('in 0 s');
    expect(told(withCancel(base, null, 60, NOW)).hints[0]).toContain('60 s after the request');
  });
});
