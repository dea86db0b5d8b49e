import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { sql } from 'drizzle-orm';
import { TaskEventsRepository } from '../../src/tasks/events/task-events.repository.js';
import { MAX_EVENT_BYTES } from '../../src/tasks/events/task-event.js';
import { endAll } from '../support/child.js';
import { end, TaskTables } from '../support/stores/task-tables.js';

describe('the rows of live events', () => {
  let db: TaskTables;
  let rows: TaskEventsRepository;

  beforeAll(async () => {
    db = await TaskTables.open();
    rows = new TaskEventsRepository(db.db);
  });

  beforeEach(() => db.clear());

  afterAll(() => endAll(db));

  const all = (userId: number) => ({ userId, taskId: null });
  const idsOf = async (again: boolean) => (await rows.snapshot(all(db.userId), again)).map(({ id }) => id);

  async function ended(): Promise<number> {
    const { taskId, subtaskId } = await db.newTask();
    await db.apply({ subtaskId, ...end('COMPLETED') });

    return taskId;
  }

  it('a snapshot of all tasks has the newest 50 and every unfinished one, oldest first', async () => {
    const { taskId: unfinished } = await db.newTask();
    const old = await ended();
    const newest = [];
    for (let count = 0; count < 50; count += 1) newest.push(await ended());
    await db.newTask({ userId: db.otherId });

    expect(await idsOf(false)).toEqual([unfinished, ...newest]);
    expect(newest).not.toContain(old);
  });

  it('a repeated one has those that were deleted as well, the first one not', async () => {
    const [gone, kept] = [await ended(), await ended()];
    await db.tasks.markDeleted(db.userId, gone);

    expect(await idsOf(false)).toEqual([kept]);
    expect(await idsOf(true)).toEqual([gone, kept]);
    expect(await rows.exists(db.userId, gone)).toBe(false);
    expect(await rows.exists(db.userId, kept)).toBe(true);
    expect(await rows.exists(db.otherId, kept)).toBe(false);
  });

  it('a snapshot of one task has its newest 100 subtasks, in the order of the conversation', async () => {
    const { taskId } = await db.newTask({ steps: Array.from({ length: 120 }, (_, index) => [index + 1]) });
    const refs = await rows.snapshot({ userId: db.userId, taskId }, false);
    const { items } = await db.conversations.page(taskId, { page: 1, limit: 100 });

    expect(refs[0]).toEqual({ kind: 'task', id: taskId });
    expect(refs.slice(1)).toEqual(items.map(({ id }) => ({ kind: 'subtask', id })));
    expect(items.map(({ messageId }) => messageId)).toEqual(Array.from({ length: 100 }, (_, index) => index + 22));
  });

  it('are read in the order asked for, without those of others and those that are gone', async () => {
    const mine = await db.newTask();
    const foreign = await db.newTask({ userId: db.otherId });
    const events = await rows.events(db.userId, [
      { kind: 'subtask', id: mine.subtaskId },
      { kind: 'task', id: foreign.taskId },
      { kind: 'subtask', id: foreign.subtaskId },
      { kind: 'task', id: 987_654 },
      { kind: 'task', id: mine.taskId },
    ]);

    expect(events).toMatchObject([
      { type: 'subtask', subtask: { id: mine.subtaskId, task_id: mine.taskId } },
      { type: 'task', task: { id: mine.taskId, user_name: 'ann', status: 'PENDING' } },
    ]);
  });

  it.each([
    [MAX_EVENT_BYTES - 100, false],
    [MAX_EVENT_BYTES + 1, true],
  ])('a result of %i bytes is left in the database: %s', async (size, isLeft) => {
    const { taskId, subtaskId } = await db.newTask();
    await db.apply({ subtaskId, ...end('COMPLETED', 'x'.repeat(size)) });
    const [event] = await rows.events(db.userId, [{ kind: 'task', id: taskId }]);

    expect(event?.result_omitted ?? false).toBe(isLeft);
    expect(event?.type === 'task' && event.task.result?.value.length).toEqual(isLeft ? undefined : size);
  });

  it('a deleted task is told, its subtasks are not', async () => {
    const { taskId, subtaskId } = await db.newTask();
    await db.apply({ subtaskId, ...end('COMPLETED') });
    await db.tasks.markDeleted(db.userId, taskId);
    const refs = [
      { kind: 'task', id: taskId },
      { kind: 'subtask', id: subtaskId },
    ] as const;

    expect(await rows.events(db.userId, refs)).toMatchObject([{ type: 'task', task: { status: 'DELETE' } }]);
  });

  it('tasks that have ended are told apart, and those of long ago', async () => {
    const [done, old, { taskId: running }] = [await ended(), await ended(), await db.newTask()];
    await db.rows(sql`update tasks set completed_at = now() - interval '2 days' where id = ${old}`);

    expect(await rows.ended([done, old, running])).toEqual([
      expect.objectContaining({ id: done, userId: db.userId, status: 'COMPLETED', completedAt: expect.any(Date) }),
    ]);
  });
});
