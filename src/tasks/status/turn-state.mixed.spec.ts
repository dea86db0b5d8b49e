import { describe, expect, it } from '@jest/globals';
import type { TaskUpdate } from '../tasks.jobs.js';
import type { StepState } from './classify-report.js';
import { decideTurn, type TurnDecision, type TurnState } from './turn-state.js';

type Kind = 'chat' | 'executor';

function step(kind: Kind, index: number): StepState {
  const isFirst = index === 0;
  const queue = kind === 'chat' ? { lane: null, fairRank: null } : { lane: 'online', fairRank: isFirst ? 5 : null };

  return {
    ...{ id: index + 1, status: 'PENDING', progress: 0, hasResult: false, errorMessage: null, ...queue },
    ...{ isAsked: kind === 'chat' && isFirst, reportSeq: null, reportOrder: null, offers: 0, isPresumed: false },
  };
}

/** A pipeline whose first step is begun. */
const mixed = (kinds: readonly Kind[], taskStatus: TurnState['taskStatus'] = 'RUNNING'): TurnState => ({
  ...{ taskId: 1, userId: 1, taskStatus, isNewest: true, steps: kinds.map(step) },
});

const report = (turn: TurnState, subtaskId: number, status: TaskUpdate['status']) =>
  decideTurn(turn, [{ subtaskId, status }], new Set());

/** The steps of a pipeline after its first `count` steps have completed, one after the other. */
function completed(kinds: readonly Kind[], count: number): TurnDecision['steps'] {
  let steps = report(mixed(kinds), 1, 'COMPLETED').steps;
  for (let id = 2; id <= count; id += 1) steps = report({ ...mixed(kinds), steps }, id, 'COMPLETED').steps;

  return steps;
}

const stateOf = (steps: TurnDecision['steps']) =>
  steps.map(({ isAsked, fairRank, isQueued }) => [isAsked, fairRank, isQueued]);

describe('decideTurn in a pipeline of direct chat and executors', () => {
  it('requests a direct chat behind an executor', () => {
    expect(stateOf(completed(['executor', 'chat'], 1))).toEqual([
      [false, 5, false],
      [true, null, false],
    ]);
  });

  it('queues the first step for executors behind the work that waits, the next ones at its rank', () => {
    expect(stateOf(completed(['chat', 'executor', 'chat'], 1))).toEqual([
      [true, null, false],
      [false, null, true],
      [false, null, false],
    ]);
    expect(stateOf(completed(['executor', 'chat', 'executor'], 2)).at(2)).toEqual([false, 5, false]);
  });

  it('goes on with nothing when the task is being cancelled, or a step has failed', () => {
    const cancelled = report(mixed(['chat', 'executor'], 'CANCELLING'), 1, 'COMPLETED');
    expect([cancelled.task?.status, stateOf(cancelled.steps).at(1)]).toEqual(['CANCELLED', [false, null, false]]);
    const failed = report(mixed(['executor', 'chat']), 1, 'FAILED');
    expect([failed.task?.status, stateOf(failed.steps).at(1)]).toEqual(['FAILED', [false, null, false]]);
  });
});
