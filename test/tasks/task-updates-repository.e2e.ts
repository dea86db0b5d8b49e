import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { sql } from 'drizzle-orm';
import fc from 'fast-check';
import type { TaskUpdate } from '../../src/tasks/tasks.jobs.js';
import { endAll } from '../support/child.js';
import { end, TaskTables } from '../support/stores/task-tables.js';

describe('reports in the database', () => {
  let db: TaskTables;

  beforeAll(async () => {
    db = await TaskTables.open();
  });

  beforeEach(() => db.clear());

  afterAll(() => endAll(db));

  const onExecutors = () => db.newTask({ onExecutors: true });
  const eventsOf = async (subtaskId: number) =>
    (await db.rows(sql`select 1 from executor_events where subtask_id = ${subtaskId}`)).length;

  it('make the state of a task with one answer', async () => {
    const { taskId, subtaskId } = await db.newTask();
    await db.apply({ subtaskId, status: 'RUNNING', progress: 40 });
    expect(await db.task(taskId)).toMatchObject({ status: 'RUNNING', progress: 40 });
    const { results, changes } = await db.updates.apply([{ subtaskId, ...end('COMPLETED', 'done') }]);
    expect(results).toMatchObject([{ outcome: 'applied', taskId, status: 'COMPLETED', taskStatus: 'COMPLETED' }]);
    expect(changes).toEqual([{ userId: db.userId, taskId, subtaskIds: [subtaskId], hasEnded: true }]);
    expect(await db.task(taskId)).toMatchObject({
      status: 'COMPLETED',
      progress: 100,
      result: { value: 'done' },
      completedAt: expect.any(Date),
    });
  });

  it.each([[false], [true]])('that come late or twice change nothing, on executors: %s', async (isOnExecutors) => {
    const { taskId, subtaskId } = await db.newTask({ onExecutors: isOnExecutors });
    await db.apply({ subtaskId, ...end('COMPLETED', 'first') });
    for (const status of ['RUNNING', 'FAILED', 'CANCELLED', 'COMPLETED'] as const) {
      const { results, changes } = await db.updates.apply([{ subtaskId, ...end(status, 'late') }]);
      expect(results).toMatchObject([{ outcome: 'terminal', status: 'COMPLETED', taskStatus: 'COMPLETED' }]);
      expect(changes).toEqual([]);
    }
    expect(await db.task(taskId)).toMatchObject({ status: 'COMPLETED', result: { value: 'first' } });
  });

  it('of an unknown subtask, or of a question, are told apart', async () => {
    const { subtaskIds } = await db.newTask();
    expect(await db.apply({ subtaskId: 999_999, ...end('COMPLETED') })).toEqual(['unknown']);
    expect(await db.apply({ subtaskId: subtaskIds[0] ?? 0, ...end('COMPLETED') })).toEqual(['unknown']);
  });

  it.each([[false], [true]])('do not undo a cancel, and end it, on executors: %s', async (isOnExecutors) => {
    const { taskId, subtaskId } = await db.newTask({ onExecutors: isOnExecutors });
    expect(await db.tasks.startCancel(db.userId, taskId)).toBe('CANCELLING');
    await db.apply({ subtaskId, status: 'RUNNING', progress: 50 });
    expect(await db.task(taskId)).toMatchObject({ status: 'CANCELLING', progress: 50 });
    await db.apply({ subtaskId, ...end('CANCELLED') });
    expect(await db.statusOf(taskId)).toBe('CANCELLED');
    expect(await db.tasks.startCancel(db.userId, taskId)).toBe('CANCELLED');
  });

  it('of earlier turns do not count for the newest', async () => {
    const { taskId, subtaskId } = await db.newTask();
    await db.apply({ subtaskId, ...end('FAILED') });
    const next = await db.turns.appendTurn(taskId, db.turn());
    await db.rows(sql`update subtasks set status = 'RUNNING' where id = ${subtaskId}`);
    expect(await db.apply({ subtaskId, ...end('CANCELLED') }, { subtaskId, status: 'RUNNING' })).toEqual([
      'applied',
      'terminal',
    ]);
    expect(await db.statusOf(taskId)).toBe('PENDING');
    await db.apply({ subtaskId: next?.subtaskId ?? 0, ...end('COMPLETED') });
    expect(await db.statusOf(taskId)).toBe('COMPLETED');
  });

  it('of many tasks are applied in one go, each with its outcome', async () => {
    const turns = await Promise.all(Array.from({ length: 30 }, () => db.newTask()));
    const reports = turns.flatMap(({ subtaskId }): TaskUpdate[] => [
      { subtaskId, status: 'RUNNING', progress: 10 },
      { subtaskId, ...end('COMPLETED', `of ${subtaskId}`), terminal: { event: DONE, seq: 7 } },
    ]);
    const { results, changes } = await db.updates.apply([...reports, { subtaskId: 999_999, status: 'RUNNING' }]);

    expect(results.map(({ outcome }) => outcome)).toEqual([...reports.map(() => 'applied'), 'unknown']);
    expect(changes).toHaveLength(30);
    for (const { taskId, subtaskId } of turns) {
      expect(await db.task(taskId)).toMatchObject({ status: 'COMPLETED', result: { value: `of ${subtaskId}` } });
      expect(await db.answer(subtaskId)).toMatchObject({ terminalEvent: DONE, terminalSeq: 7, progress: 100 });
    }
  });

  it('of executors bring names, titles and a lease, which its end takes back', async () => {
    const { taskId, subtaskId } = await onExecutors();
    const report = {
      executorName: 'box',
      executorNamespace: 'ns',
      taskTitle: 'Größe',
      subtaskTitle: 'Step',
      seq: 1,
      eventId: 'a',
    };
    const text = 'Task execution started';
    await db.apply({
      subtaskId,
      status: 'RUNNING',
      progress: 30,
      errorMessage: text,
      result: { value: 'so far' },
      report,
    });
    const running = await db.answer(subtaskId);
    expect(running).toMatchObject({
      executorName: 'box',
      executorNamespace: 'ns',
      title: 'Step',
      errorMessage: null,
      reportSeq: 1,
    });
    expect((running.leaseExpiresAt?.getTime() ?? 0) / 1000 - running.updatedAt.getTime() / 1000).toBe(120);
    expect(await db.task(taskId)).toMatchObject({
      title: 'Größe',
      titleKey: 'größe',
      errorMessage: null,
      progress: 30,
      result: { value: 'so far' },
    });
    expect(await eventsOf(subtaskId)).toBe(1);

    await db.apply({
      subtaskId,
      status: 'COMPLETED',
      errorMessage: 'Task executed successfully',
      report: { seq: 2, executorName: '' },
    });
    expect(await db.answer(subtaskId)).toMatchObject({
      executorName: 'box',
      leaseExpiresAt: null,
      errorMessage: null,
      result: { value: 'so far' },
    });
    expect(await db.task(taskId)).toMatchObject({
      status: 'COMPLETED',
      errorMessage: null,
      result: { value: 'so far' },
    });
    expect(await eventsOf(subtaskId)).toBe(0);
  });

  it('of executors do not replace a title of the user', async () => {
    const { taskId, subtaskId } = await db.newTask({ onExecutors: true }, { title: 'Mine', titleSource: 'user' });
    await db.apply({ subtaskId, status: 'RUNNING', report: { seq: 1, taskTitle: 'Of the executor' } });

    expect(await db.task(taskId)).toMatchObject({ title: 'Mine', titleSource: 'user', status: 'RUNNING' });
  });

  it('are known again by number, by name and by their place', async () => {
    const numbered = await onExecutors();
    const of = (subtaskId: number, progress: number, report: TaskUpdate['report'] = {}): TaskUpdate => ({
      subtaskId,
      status: 'RUNNING',
      progress,
      report,
    });
    const first = numbered.subtaskId;
    expect(await db.apply(of(first, 10, { seq: 5 }))).toEqual(['applied']);
    expect(await db.apply(of(first, 20, { seq: 5 }), of(first, 20, { seq: 4 }), of(first, 30, { seq: 9 }))).toEqual([
      'stale',
      'stale',
      'applied',
    ]);
    expect(await db.apply({ ...of(first, 100, { seq: 8 }), status: 'COMPLETED' })).toEqual(['stale']);

    const { subtaskId: named } = await onExecutors();
    expect(await db.apply(of(named, 10, { eventId: 'a' }), of(named, 10, { eventId: 'a' }))).toEqual([
      'applied',
      'duplicate',
    ]);
    expect(await db.apply(of(named, 50, { eventId: 'a' }), of(named, 20, { eventId: 'b' }))).toEqual([
      'duplicate',
      'applied',
    ]);

    const { subtaskId: placed } = await onExecutors();
    expect(
      await db.apply(of(placed, 40, { order: 10 }), of(placed, 50, { order: 9 }), of(placed, 50, { order: 10 })),
    ).toEqual(['applied', 'stale', 'duplicate']);
    expect(
      await db.apply(
        of(placed, 20, { order: 11, executorName: 'new' }),
        of(placed, 60, { order: 8, executorName: 'old' }),
      ),
    ).toEqual(['applied', 'stale']);
    expect(await db.answer(placed)).toMatchObject({ progress: 40, executorName: 'new' });
    expect(await db.apply({ subtaskId: placed, ...end('COMPLETED'), report: { order: 2 } })).toEqual(['applied']);
    expect(await db.statusOf(numbered.taskId)).toBe('RUNNING');
  });

  it('a storm of them in random order ends in the right state', async () => {
    const { taskId, subtaskId } = await onExecutors();
    const storm = Array.from({ length: 1000 }, (_, index): TaskUpdate => {
      const report = { seq: index + 1, eventId: `e${index}` };
      if (index === 999) return { subtaskId, ...end('COMPLETED', 'the end'), report };

      return { subtaskId, status: 'RUNNING', progress: Math.floor(index / 10), result: { value: `${index}` }, report };
    });
    const shuffled = fc.sample(fc.shuffledSubarray(storm, { minLength: 1000 }), { numRuns: 1, seed: 7 })[0] ?? [];
    const progress: number[] = [];
    for (let at = 0; at < shuffled.length; at += 40) {
      await db.apply(...shuffled.slice(at, at + 40), ...shuffled.slice(Math.max(0, at - 5), at));
      progress.push((await db.task(taskId))?.progress ?? 0);
    }

    expect(progress).toEqual(progress.toSorted((a, b) => a - b));
    expect(await db.task(taskId)).toMatchObject({ status: 'COMPLETED', progress: 100, result: { value: 'the end' } });
    expect(await db.answer(subtaskId)).toMatchObject({
      status: 'COMPLETED',
      result: { value: 'the end' },
      leaseExpiresAt: null,
    });
    expect(await eventsOf(subtaskId)).toBe(0);
  });
});

const DONE = {
  type: 'done',
  done: true,
  length: 4,
  sha256: '0'.repeat(64),
  finish_reason: 'stop',
  elapsed_ms: 1,
  first_token_ms: 1,
} as const;
