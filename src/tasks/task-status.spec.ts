import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SUBTASK_STATUSES, TASK_STATUSES } from '../infra/database/schema/schema.js';
import {
  deriveProgress,
  deriveTaskStatus,
  fromStates,
  isTerminal,
  SUBTASK_TRANSITIONS,
  TASK_TRANSITIONS,
} from './task-status.js';

describe.each([
  ['subtasks', SUBTASK_TRANSITIONS as Record<string, readonly string[]>, SUBTASK_STATUSES],
  ['tasks', TASK_TRANSITIONS as Record<string, readonly string[]>, TASK_STATUSES],
])('transitions of %s', (_name, table, states) => {
  it('know every state and no other', () => {
    expect(Object.keys(table).sort()).toEqual([...states].sort());
    for (const target of Object.values(table).flat()) expect(states).toContain(target);
  });

  it('reach every state from PENDING', () => {
    const reached = new Set(['PENDING']);
    for (const state of reached) for (const next of table[state] ?? []) reached.add(next);
    expect([...reached].sort()).toEqual([...states].sort());
  });

  it('lead nowhere from DELETE', () => {
    expect(table['DELETE']).toEqual([]);
  });
});

it('keeps terminal states of subtasks final', () => {
  for (const state of SUBTASK_STATUSES.filter(isTerminal)) expect(SUBTASK_TRANSITIONS[state]).toEqual(['DELETE']);
});

it('lists the states from which one may be reached', () => {
  expect(fromStates(SUBTASK_TRANSITIONS, 'COMPLETED')).toEqual(['PENDING', 'RUNNING']);
  expect(fromStates(TASK_TRANSITIONS, 'CANCELLING')).toEqual(['PENDING', 'RUNNING', 'CANCELLING']);
});

describe('deriveTaskStatus', () => {
  const states = fc.array(
    fc.constantFrom('PENDING', 'RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED') as fc.Arbitrary<'PENDING'>,
    { minLength: 1 },
  );

  it('never leaves a task unfinished whose subtasks have all ended', () => {
    fc.assert(
      fc.property(states, fc.boolean(), (subtasks, cancelling) => {
        const status = deriveTaskStatus(subtasks, cancelling);
        if (subtasks.every(isTerminal)) expect(isTerminal(status)).toBe(true);
      }),
    );
  });

  it('keeps CANCELLING while a subtask runs', () => {
    expect(deriveTaskStatus(['RUNNING'], true)).toBe('CANCELLING');
    expect(deriveTaskStatus(['CANCELLED'], true)).toBe('CANCELLED');
    expect(deriveTaskStatus(['COMPLETED'], true)).toBe('COMPLETED');
  });

  it('is RUNNING between the steps of a pipeline', () => {
    expect(deriveTaskStatus(['COMPLETED', 'PENDING'], false)).toBe('RUNNING');
  });
});

it('counts ended subtasks as whole progress', () => {
  expect(
    deriveProgress([
      { status: 'COMPLETED', progress: 0 },
      { status: 'RUNNING', progress: 50 },
    ]),
  ).toBe(75);
  expect(deriveProgress([])).toBe(0);
});
