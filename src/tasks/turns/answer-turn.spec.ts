import { describe, expect, it } from '@jest/globals';
import type { SubtaskStatus } from '../../infra/database/schema/schema.js';
import { AnswerTurn } from './answer-turn.js';
import type { SubtaskRow, TaskRow } from './answer-turn.js';

/** Answers 1, 2 … with these states. */
function turn(...statuses: SubtaskStatus[]): AnswerTurn {
  const steps = statuses.map((status, index) => ({ id: index + 1, messageId: index + 2, status }) as SubtaskRow);

  return new AnswerTurn({ id: 7 } as TaskRow, steps);
}

/** Answers by executors (`e`) and direct chat (`c`), at the positions 2, 3 … */
function mixed(...kinds: string[]): AnswerTurn {
  const lane = (kind: string) => (kind === 'e' ? 'online' : null);

  return new AnswerTurn(
    { id: 7 } as TaskRow,
    kinds.map((kind, index) => ({ id: index + 1, messageId: index + 2, lane: lane(kind) }) as SubtaskRow),
  );
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
    const three = turn('COMPLETED', 'RUNNING', 'PENDING');
    expect(three.steps.map((step) => three.after(step)?.id)).toEqual([2, 3, undefined]);
  });

  it.each([
    [['c'], [0], false],
    [['c', 'c', 'c'], [0, 0, 0], false],
    [['e', 'c', 'c'], [0, 3, 3], true],
    [['c', 'e', 'c', 'e'], [0, 0, 4, 4], true],
    [['e', 'e'], [0, 3], true],
  ])('%j: the runs of its steps begin at %j', (kinds, positions, hasExecutors) => {
    const asked = mixed(...kinds);
    expect(asked.steps.map((step) => asked.runPosition(step))).toEqual(positions);
    expect(asked.hasExecutors).toBe(hasExecutors);
  });

  it('has an answer', () => {
    expect(() => turn()).toThrow('without answers');
  });
});
