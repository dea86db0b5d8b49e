import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { StepState } from './classify-report.js';
import { isTerminal } from '../task-status.js';
import type { TaskUpdate } from '../tasks.jobs.js';
import { decideTurn, eventKey, type TurnState } from './turn-state.js';

const step = (id: number, more: Partial<StepState> = {}): StepState => ({
  ...{ id, status: 'PENDING', progress: 0, hasResult: false, errorMessage: null, lane: 'online', fairRank: null },
  ...{ isAsked: false, reportSeq: null, reportOrder: null, offers: 0, isPresumed: false },
  ...more,
});

/** A turn whose first step is offered. */
const turn = (count = 1, more: Partial<TurnState> = {}): TurnState => ({
  ...{ taskId: 1, userId: 1, taskStatus: 'PENDING', isNewest: true },
  steps: Array.from({ length: count }, (_, index) => step(index + 1, { fairRank: index === 0 ? 5 : null })),
  ...more,
});

/** A pipeline that direct chat answers. */
const chat = (more: Partial<TurnState> = {}): TurnState =>
  turn(0, { steps: [1, 2, 3].map((id) => step(id, { lane: null, isAsked: id === 1 })), ...more });

const none = new Set<string>();

/** The turn after it was decided about, as the database would have it. */
function after(before: TurnState, reports: readonly TaskUpdate[], known: Set<string>): TurnState {
  const { steps, task } = decideTurn(before, reports, known);
  for (const { id, eventIds } of steps) for (const eventId of eventIds) known.add(eventKey(id, eventId));

  return { ...before, steps, taskStatus: task?.status ?? before.taskStatus };
}

const update = fc.record(
  {
    subtaskId: fc.integer({ min: 1, max: 4 }),
    status: fc.constantFrom<TaskUpdate['status'][]>('RUNNING', 'RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED'),
    progress: fc.integer({ min: 0, max: 100 }),
    report: fc.record(
      {
        seq: fc.integer({ min: 1, max: 20 }),
        eventId: fc.constantFrom('a', 'b', 'c'),
        order: fc.integer({ min: 1, max: 20 }),
      },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: ['subtaskId', 'status'] },
);
/** Jobs of reports: some come twice, some late. */
const jobs = fc
  .array(fc.array(update, { minLength: 1, maxLength: 6 }), { maxLength: 12 })
  .chain((first) => fc.shuffledSubarray([...first, ...first], { minLength: first.length }));
const count = fc.integer({ min: 1, max: 3 });
const lane = fc.constantFrom('online', null);

describe('decideTurn', () => {
  it('never leaves a task unfinished whose steps have all ended, nor ends one before', () => {
    fc.assert(
      fc.property(count, lane, jobs, fc.nat(12), (steps, inLane, batches, cancelAt) => {
        const known = new Set<string>();
        let state = turn(steps);
        state = { ...state, steps: state.steps.map((each) => ({ ...each, lane: inLane })) };
        for (const [index, batch] of batches.entries()) {
          if (index === cancelAt && !isTerminal(state.taskStatus)) state = { ...state, taskStatus: 'CANCELLING' };
          state = after(state, batch, known);
          expect(isTerminal(state.taskStatus)).toBe(state.steps.every(({ status }) => isTerminal(status)));
        }
      }),
      { numRuns: 500 },
    );
  });

  it('never undoes an end, a cancel or progress', () => {
    fc.assert(
      fc.property(count, jobs, fc.nat(12), (steps, batches, cancelAt) => {
        const known = new Set<string>();
        let state = turn(steps);
        for (const [index, batch] of batches.entries()) {
          if (index === cancelAt && !isTerminal(state.taskStatus)) state = { ...state, taskStatus: 'CANCELLING' };
          const before = state;
          state = after(state, batch, known);
          for (const [place, old] of before.steps.entries()) {
            if (isTerminal(old.status)) expect(state.steps[place]?.status).toBe(old.status);
            expect(state.steps[place]?.progress).toBeGreaterThanOrEqual(old.progress);
          }
          if (isTerminal(before.taskStatus)) expect(state.taskStatus).toBe(before.taskStatus);
          if (before.taskStatus === 'CANCELLING') expect(['RUNNING', 'PENDING']).not.toContain(state.taskStatus);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('always leaves a step that can go on, while the task has not ended', () => {
    fc.assert(
      fc.property(count, jobs, (steps, batches) => {
        const known = new Set<string>();
        let state = turn(steps);
        for (const batch of batches) state = after(state, batch, known);
        const canGoOn = state.steps.some(
          ({ status, fairRank }) => status === 'RUNNING' || (status === 'PENDING' && fairRank !== null),
        );
        expect(canGoOn || isTerminal(state.taskStatus)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('is the same for a job of many reports as for many jobs of one', () => {
    fc.assert(
      fc.property(fc.array(update, { maxLength: 10 }), (reports) => {
        const known = new Set<string>();
        let state = turn();
        const oneByOne = reports.flatMap((report) => {
          const { outcomes } = decideTurn(state, [report], known);
          state = after(state, [report], known);

          return outcomes;
        });
        expect(decideTurn(turn(), reports, none).outcomes).toEqual(oneByOne);
        expect(after(turn(), reports, new Set())).toMatchObject({ taskStatus: state.taskStatus });
      }),
    );
  });

  it('gives the next step the rank of the one that has completed', () => {
    const reports: TaskUpdate[] = [{ subtaskId: 1, status: 'COMPLETED', report: {} }];
    expect(decideTurn(turn(3), reports, none).steps.map(({ fairRank }) => fairRank)).toEqual([5, 5, null]);
    const cancelling = decideTurn(turn(3, { taskStatus: 'CANCELLING' }), reports, none);
    expect(cancelling.steps.map(({ status }) => status)).toEqual(['COMPLETED', 'CANCELLED', 'CANCELLED']);
    expect(cancelling.task).toMatchObject({ status: 'CANCELLED', errorMessage: 'Not started: the task was cancelled' });
  });

  it('has the next step of a direct chat asked for, in the same breath as the one before has completed', () => {
    const reports: TaskUpdate[] = [{ subtaskId: 1, status: 'COMPLETED' }];
    expect(decideTurn(chat(), reports, none).steps.map(({ isAsked }) => isAsked)).toEqual([true, true, false]);
    const failed = decideTurn(chat(), [{ subtaskId: 1, status: 'FAILED' }], none);
    expect(failed.steps.map(({ isAsked }) => isAsked)).toEqual([true, false, false]);
    const nobody = chat({ steps: [1, 2].map((id) => step(id, { lane: null })) });
    expect(decideTurn(nobody, reports, none).steps.map(({ isAsked }) => isAsked)).toEqual([false, false]);
  });

  it('hands over to the first step that has not completed, even when a later one has', () => {
    const early = after(turn(3), [{ subtaskId: 2, status: 'COMPLETED', report: {} }], new Set());
    expect(early.taskStatus).toBe('RUNNING');
    const { steps } = decideTurn(early, [{ subtaskId: 1, status: 'COMPLETED', report: {} }], none);
    expect(steps.map(({ fairRank }) => fairRank)).toEqual([5, null, 5]);
  });

  it('takes RUNNING of an offered step for a claim, and refuses it for one whose turn has not come', () => {
    const running = (subtaskId: number): TaskUpdate => ({ subtaskId, status: 'RUNNING', report: {} });
    const { outcomes, steps } = decideTurn(turn(2), [running(2), running(1)], none);
    expect(outcomes).toEqual(['stale', 'applied']);
    expect(steps.map(({ status, lease }) => [status, lease])).toEqual([
      ['RUNNING', 'extend'],
      ['PENDING', 'keep'],
    ]);
  });

  describe('when an executor completes what counts as failed', () => {
    const lost: TaskUpdate = { subtaskId: 1, status: 'FAILED', errorMessage: 'lost', isPresumed: true };
    const done: TaskUpdate = {
      subtaskId: 1,
      status: 'COMPLETED',
      result: { value: 'after all' },
      report: { offer: 1 },
    };

    it('repairs the step and its task, and lets the steps go on that were not started because of it', () => {
      const failed = after(turn(3), [lost], new Set());
      expect(failed.taskStatus).toBe('FAILED');
      const { outcomes, steps, task } = decideTurn(failed, [done], none);
      expect(outcomes).toEqual(['applied']);
      expect(steps.map(({ status, errorMessage, fairRank }) => [status, errorMessage, fairRank])).toEqual([
        ['COMPLETED', null, 5],
        ['PENDING', null, 5],
        ['PENDING', null, null],
      ]);
      expect(task).toMatchObject({ status: 'RUNNING', ended: false, errorMessage: null, progress: 33 });
      const solo = decideTurn(after(turn(), [lost], new Set()), [done], none);
      expect(solo.task).toMatchObject({ status: 'COMPLETED', ended: true, resultOf: 1, errorMessage: null });
      const again = { ...turn(), steps: solo.steps, taskStatus: 'COMPLETED' } as const;
      expect(decideTurn(again, [done], none).outcomes).toEqual(['terminal']);
    });

    it('repairs the step alone when the conversation has gone on without it', () => {
      const failed = { ...after(turn(2), [lost], new Set()), isNewest: false, taskStatus: 'RUNNING' } as const;
      const { steps, task } = decideTurn(failed, [done], none);
      expect([steps.map(({ status }) => status), task]).toEqual([['COMPLETED', 'CANCELLED'], null]);
    });

    it('leaves other ends alone', () => {
      const failure: TaskUpdate = { ...lost, isPresumed: false };
      expect(decideTurn(after(turn(), [failure], new Set()), [done], none).outcomes).toEqual(['terminal']);
      const cancelled: TaskUpdate = { ...lost, status: 'CANCELLED' };
      expect(decideTurn(after(turn(), [cancelled], new Set()), [done], none).outcomes).toEqual(['terminal']);
      const failed = after(turn(), [lost], new Set());
      expect(
        decideTurn(
          failed,
          [
            { ...done, status: 'RUNNING' },
            { ...lost, report: {} },
          ],
          none,
        ).outcomes,
      ).toEqual(['terminal', 'terminal']);
    });
  });

  it('leaves a task alone whose newest turn is another one', () => {
    const { outcomes, task } = decideTurn(turn(1, { isNewest: false }), [{ subtaskId: 1, status: 'FAILED' }], none);
    expect([outcomes, task]).toEqual([['applied'], null]);
  });

  it('copies the result of the last step that has one, and the error of the one that ended the turn', () => {
    const steps = [step(1, { status: 'COMPLETED', hasResult: true, fairRank: 5 }), step(2, { fairRank: 5 }), step(3)];
    const report: TaskUpdate = { subtaskId: 2, status: 'FAILED', errorMessage: 'why' };
    const { task } = decideTurn(turn(3, { steps, taskStatus: 'RUNNING' }), [report], none);
    expect(task).toMatchObject({
      status: 'FAILED',
      resultOf: 1,
      errorMessage: 'why',
      progress: 100,
    });
  });
});
