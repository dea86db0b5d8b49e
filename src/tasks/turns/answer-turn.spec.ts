import { describe, expect, it } from '@jest/globals';
import type { SubtaskStatus } from '../../infra/database/schema/schema.js';
import { AnswerTurn } from './answer-turn.js';
import type { SubtaskRow, TaskRow } from './answer-turn.js';

/** Answers 1, 2 … with these states. */
function turn(...statuses: SubtaskStatus[]): AnswerTurn {
  const steps = statuses.map((status, index) => ({ id: index + 1, messageId: index + 2, status }) as SubtaskRow);

  return new AnswerTurn({ id: 7 } as TaskRow, steps);
}

describe('AnswerTurn', () => {
  it.each<[SubtaskStatus[], number | null, number]>([
    [['PENDING'], 1, 1],
    [['COMPLETED'], null, 1],
    [['COMPLETED', 'RUNNING', 'PENDING'], 2, 3],
    [['COMPLETED', 'PENDING', 'PENDING'], 2, 3],
    [['COMPLETED', 'COMPLETED', 'COMPLETED'], null, 3],
    [['COMPLETED', 'FAILED', 'CANCELLED'], null, 2],
    [['CANCELLED', 'CANCELLED', 'CANCELLED'], null, 1],
    [['DELETE', 'DELETE'], null, 2],
  ])('%j: answer %p is next, %p decides', (statuses, current, deciding) => {
    const asked = turn(...statuses);
    expect([asked.current?.id ?? null, asked.deciding.id]).toEqual([current, deciding]);
  });

  it('knows whether it has begun, and what follows a step', () => {
    expect([turn('PENDING', 'PENDING').hasBegun, turn('COMPLETED', 'PENDING').hasBegun]).toEqual([false, true]);
    const { first, steps } = turn('COMPLETED', 'RUNNING', 'PENDING');
    expect(new AnswerTurn({ id: 7 } as TaskRow, steps).after(first).map(({ id }) => id)).toEqual([2, 3]);
  });

  it('has an answer', () => {
    expect(() => turn()).toThrow('without answers');
  });
});
