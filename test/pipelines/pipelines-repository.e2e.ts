import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { sql } from 'drizzle-orm';
import fc from 'fast-check';
import { isTerminal } from '../../src/tasks/task-status.js';
import type { TaskUpdate } from '../../src/tasks/tasks.jobs.js';
import { endAll } from '../support/child.js';
import { end, TaskTables } from '../support/stores/task-tables.js';

describe('reports about turns of several answers', () => {
  let db: TaskTables;

  beforeAll(async () => {
    db = await TaskTables.open();
  });

  beforeEach(() => db.clear());

  afterAll(() => endAll(db));

  const onExecutors = (count: number) =>
    db.newTask({ onExecutors: true, steps: Array.from({ length: count }, (_, index) => [index + 1]) });

  it('hand a pipeline over step by step', async () => {
    const { taskId } = await onExecutors(3);
    const ids = (await db.answersOf(taskId)).map(({ id }) => id);
    await db.rows(sql`update subtasks set fair_rank = 17 where id = ${ids[0]}`);
    expect(await db.apply({ subtaskId: ids[1] ?? 0, status: 'RUNNING', report: {} })).toEqual(['stale']);
    for (const [index, subtaskId] of ids.entries()) {
      expect((await db.answersOf(taskId)).map(({ fairRank }) => fairRank)).toEqual(
        ids.map((_, place) => (place <= index ? 17 : null)),
      );
      await db.apply({ subtaskId, status: 'RUNNING', progress: 50, report: {} });
      expect(await db.task(taskId)).toMatchObject({ status: 'RUNNING', progress: Math.floor((index * 100 + 50) / 3) });
      await db.apply({ subtaskId, ...end('COMPLETED', `step ${index}`), report: {} });
      expect((await db.task(taskId))?.result).toEqual({ value: `step ${index}` });
    }
    expect(await db.task(taskId)).toMatchObject({ status: 'COMPLETED', progress: 100 });
  });

  it.each([
    ['FAILED', 'failed'],
    ['CANCELLED', 'was cancelled'],
  ] as const)('that end a step as %s end the steps behind it', async (status, how) => {
    const { taskId } = await onExecutors(3);
    const [first, second] = await db.answersOf(taskId);
    await db.apply({ subtaskId: first?.id ?? 0, ...end('COMPLETED', 'one'), report: {} });
    const { changes } = await db.updates.apply([
      { subtaskId: second?.id ?? 0, status, errorMessage: 'because', report: {} },
    ]);
    const [, , third] = await db.answersOf(taskId);

    expect(third).toMatchObject({ status: 'CANCELLED', errorMessage: `Not started: step 2 ${how}`, fairRank: null });
    expect(changes).toEqual([{ userId: db.userId, taskId, subtaskIds: [second?.id, third?.id], hasEnded: true }]);
    expect(await db.task(taskId)).toMatchObject({
      status,
      errorMessage: 'because',
      result: { value: 'one' },
      progress: 100,
    });
  });

  it('end a cancelled pipeline without handing it over', async () => {
    const { taskId, subtaskId } = await onExecutors(2);
    await db.tasks.startCancel(db.userId, taskId);
    await db.apply({ subtaskId, ...end('COMPLETED'), report: {} });
    expect((await db.answersOf(taskId)).map(({ status }) => status)).toEqual(['COMPLETED', 'CANCELLED']);
    expect(await db.statusOf(taskId)).toBe('CANCELLED');
  });

  it('mend a task that was left behind its answers', async () => {
    const { taskId, subtaskId } = await onExecutors(1);
    await db.rows(sql`update subtasks set status = 'FAILED', error_message = 'why' where id = ${subtaskId}`);
    await db.tasks.startCancel(db.userId, taskId);
    expect(await db.updates.reconcile(taskId)).toEqual([{ userId: db.userId, taskId, subtaskIds: [], hasEnded: true }]);
    expect(await db.task(taskId)).toMatchObject({ status: 'FAILED', errorMessage: 'why' });
    expect(await db.updates.reconcile(taskId)).toEqual([]);
  });

  it('in any order leave a task ended exactly when its answers have', async () => {
    const report = fc.record({
      step: fc.nat(2),
      status: fc.constantFrom<TaskUpdate['status'][]>('RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED'),
    });
    await fc.assert(
      fc.asyncProperty(
        ...([
          fc.integer({ min: 1, max: 3 }),
          fc.array(report, { maxLength: 12 }),
          fc.boolean(),
          fc.boolean(),
          fc.boolean(),
        ] as const),
        async (count, reports, isOnExecutors, atOnce, cancels) => {
          const steps = Array.from({ length: count }, (_, index) => [index + 1]);
          const { taskId } = await db.newTask({ steps, onExecutors: isOnExecutors });
          if (cancels) await db.tasks.startCancel(db.userId, taskId);
          const answers = await db.answersOf(taskId);
          const updates = reports.map(({ step, status }) => ({
            subtaskId: answers[step % count]?.id ?? 0,
            ...end(status),
          }));
          if (atOnce && updates.length > 0) await db.apply(...updates);
          else for (const update of updates) await db.apply(update);
          const ended = (await db.answersOf(taskId)).every(({ status }) => isTerminal(status));
          expect(isTerminal((await db.statusOf(taskId)) ?? '')).toBe(ended);
        },
      ),
      { numRuns: 60 },
    );
  });
});
