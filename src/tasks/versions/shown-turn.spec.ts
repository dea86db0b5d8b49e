import { describe, expect, it } from '@jest/globals';
import { AnswerTurn, type SubtaskRow, type TaskRow } from '../turns/answer-turn.js';
import { shownOf } from './shown-turn.js';

const END = new Date('2026-11-30T10:00:00Z');

function turnOf(...steps: Partial<SubtaskRow>[]): AnswerTurn {
  const rows = steps.map((step, index) => ({ id: index + 1, teamId: 7, result: null, errorMessage: null, ...step }));

  return new AnswerTurn({ id: 5 } as TaskRow, rows as SubtaskRow[]);
}

describe('a task that shows a turn', () => {
  it('has its last result', () => {
    const turn = turnOf(
      { status: 'COMPLETED', result: { value: 'a' }, completedAt: new Date(0) },
      { status: 'COMPLETED', result: { value: 'b' }, completedAt: END },
    );

    expect(shownOf(turn, 'question')).toEqual({
      ...{ prompt: 'question', teamId: 7, status: 'COMPLETED', resultOf: 2, errorMessage: null, completedAt: END },
    });
  });

  it('has the reason of the step that failed, not of those that were not started', () => {
    const turn = turnOf(
      { status: 'FAILED', errorMessage: 'no model', completedAt: END },
      { status: 'CANCELLED', errorMessage: 'Not started: step 1 failed', completedAt: null },
    );

    expect(shownOf(turn, 'question')).toMatchObject({ status: 'FAILED', resultOf: null, errorMessage: 'no model' });
    expect(shownOf(turn, 'question').completedAt).toBe(END);
  });
});
