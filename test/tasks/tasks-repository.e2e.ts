import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { sql } from 'drizzle-orm';
import { endAll } from '../support/child.js';
import { end, NEW_TASK, TaskTables } from '../support/stores/task-tables.js';

describe('tasks in the database', () => {
  let db: TaskTables;

  beforeAll(async () => {
    db = await TaskTables.open();
  });

  beforeEach(() => db.clear());

  afterAll(() => endAll(db));

  describe('storing turns', () => {
    it('puts question and answers in order, one answer per step', async () => {
      const { taskId, subtaskId, subtaskIds } = await db.newTask({ steps: [[1], [2], [3]] });
      const { items } = await db.conversations.page(taskId, { page: 1, limit: 10 });
      expect(items.map(({ role, messageId, parentId, botIds }) => [role, messageId, parentId, botIds])).toEqual([
        ['USER', 1, 0, []],
        ['ASSISTANT', 2, 1, [1]],
        ['ASSISTANT', 3, 2, [2]],
        ['ASSISTANT', 4, 3, [3]],
      ]);
      expect(subtaskIds).toEqual(items.map(({ id }) => id));
      expect(subtaskId).toBe(items[1]?.id);
    });

    it('appends to an ended task of the user only', async () => {
      const { taskId, subtaskId } = await db.newTask();
      expect(await db.turns.appendTurn(taskId, db.turn())).toBeNull();
      await db.apply({ subtaskId, ...end('COMPLETED') });
      expect(await db.turns.appendTurn(taskId, db.turn({ userId: db.otherId }))).toBeNull();
      expect(await db.turns.appendTurn(taskId, db.turn())).toMatchObject({ taskId, messageId: 4 });
      expect(await db.statusOf(taskId)).toBe('PENDING');
    });

    it('appends neither to an expired task nor to one whose executor is deleted', async () => {
      const hours = { chat: 2, code: 24 };
      const old = async (task: Partial<typeof NEW_TASK>, age: number) => {
        const { taskId, subtaskId } = await db.newTask({}, task);
        await db.apply({ subtaskId, ...end('FAILED') });
        await db.rows(sql`update tasks set updated_at = now() - make_interval(hours => ${age}) where id = ${taskId}`);

        return taskId;
      };
      const appended = async (taskId: number, limits = hours, isRetry = false) =>
        (await db.turns.appendTurn(taskId, db.turn({ isRetry }), limits)) !== null;

      expect(await appended(await old({ taskType: 'chat' }, 3))).toBe(false);
      expect(await appended(await old({ taskType: 'chat' }, 1))).toBe(true);
      expect(await appended(await old({ taskType: 'code' }, 3))).toBe(true);
      expect(await appended(await old({ taskType: 'code' }, 25))).toBe(false);
      expect(await appended(await old({ taskType: 'code' }, 25), { chat: 2, code: 0 })).toBe(true);
      expect(await appended(await old({ autoDeleteExecutor: true }, 0))).toBe(false);
      expect(await appended(await old({ autoDeleteExecutor: true }, 3), hours, true)).toBe(true);
    });

    it('retries a turn that failed or was cancelled, once', async () => {
      for (const status of ['FAILED', 'CANCELLED', 'COMPLETED'] as const) {
        const { taskId, subtaskId } = await db.newTask();
        await db.apply({ subtaskId, ...end(status) });
        const retried = await Promise.all([1, 2].map(() => db.turns.appendTurn(taskId, db.turn({ isRetry: true }))));
        expect(retried.filter((turn) => turn !== null)).toHaveLength(status === 'COMPLETED' ? 0 : 1);
      }
    });

    it('uses up a reservation of the user only, and once', async () => {
      const reserved = await db.turns.reserve(db.userId);
      expect(await db.turns.reserve(db.userId)).not.toBe(reserved);
      expect(await db.turns.createTask(NEW_TASK, db.turn({ userId: db.otherId }), reserved)).toBeNull();
      expect(await db.turns.createTask(NEW_TASK, db.turn(), reserved)).toMatchObject({ taskId: reserved });
      expect(await db.turns.createTask(NEW_TASK, db.turn(), reserved)).toBeNull();
    });

    it('counts runs in the statement that stores one', async () => {
      const run = { prompt: null, modelId: null, limit: 2 };
      await db.newTask({ run });
      const second = await db.newTask({ run });
      expect(await db.turns.createTask(NEW_TASK, db.turn({ run }), null)).toBeNull();
      await db.apply({ subtaskId: second.subtaskId, ...end('COMPLETED') });
      expect(await db.turns.createTask(NEW_TASK, db.turn({ run }), null)).not.toBeNull();
    });

    it('lets one of two requests start a waiting answer', async () => {
      const { subtaskId } = await db.newTask();
      const run = { prompt: null, modelId: null, limit: 10 };
      expect(await db.turns.requestRun(db.userId, subtaskId, run)).toBe(true);
      expect(await db.turns.requestRun(db.userId, subtaskId, run)).toBe(false);
    });
  });

  describe('turns for executors', () => {
    const executors = { onExecutors: true };
    const ranks = async (taskId: number) => (await db.answersOf(taskId)).map(({ lane, fairRank }) => [lane, fairRank]);

    it('are offered from their first step on, in the lane of their task', async () => {
      const { taskId } = await db.newTask({ ...executors, steps: [[1], [2]] }, { type: 'offline' });
      expect(await ranks(taskId)).toEqual([
        ['offline', 0],
        ['offline', null],
      ]);
      const chat = await db.newTask();
      expect(await ranks(chat.taskId)).toEqual([[null, null]]);
    });

    it('take their places fairly between users, lane by lane', async () => {
      const place = async (userId: number, type: 'online' | 'offline' = 'online') =>
        (await db.answer((await db.newTask({ ...executors, userId }, { type })).subtaskId)).fairRank;
      expect([await place(db.userId), await place(db.userId), await place(db.userId)]).toEqual([0, 1, 2]);
      expect([await place(db.otherId), await place(db.otherId)]).toEqual([0, 1]);
      expect(await place(db.userId, 'offline')).toBe(0);
      await db.rows(sql`update subtasks set status = 'RUNNING' where fair_rank < 2 and lane = 'online'`);
      expect([await place(db.otherId), await place(db.userId)]).toEqual([2, 3]);
    });

    it('enter the queue at their own time where direct chat begins, and run where their bots do', async () => {
      const run = { prompt: null, modelId: 'm', limit: 10 };
      const { taskId } = await db.newTask({ steps: [[1], [2], [3]], onExecutors: [2], run });
      const [first, second] = await db.answersOf(taskId);
      expect(await ranks(taskId)).toEqual([
        [null, null],
        ['online', null],
        [null, null],
      ]);
      expect([first?.runRequestedAt !== null, second?.runRequestedAt]).toEqual([true, null]);
      const waiting = [await db.newTask(executors), await db.newTask(executors)];
      const { results } = await db.updates.apply([{ subtaskId: first?.id ?? 0, ...end('COMPLETED') }]);
      expect(results).toMatchObject([{ outcome: 'applied', hasExecutors: true, taskStatus: 'RUNNING' }]);
      expect(waiting.length).toBe(2);
      expect(await ranks(taskId)).toEqual([
        [null, null],
        ['online', 2],
        [null, null],
      ]);
      await db.apply({ subtaskId: second?.id ?? 0, ...end('COMPLETED'), report: {} });
      const third = (await db.answersOf(taskId))[2];
      expect([third?.runRequestedAt !== null, third?.runModel]).toEqual([true, 'm']);
      expect(await db.turns.staleRuns(-1, 10)).toEqual([{ id: third?.id, firstId: first?.id }]);
    });

    it('do not begin as a direct chat when an executor gives the first answer', async () => {
      const run = { prompt: 'more', modelId: 'm', limit: 0 };
      const { taskId } = await db.newTask({ steps: [[1], [2]], onExecutors: [1], run });
      const answers = await db.answersOf(taskId);
      expect(answers.map(({ lane, fairRank, runRequestedAt }) => [lane, fairRank, runRequestedAt])).toEqual([
        ['online', 0, null],
        [null, null, null],
      ]);
      expect(answers.map(({ runModel, runPrompt }) => [runModel, runPrompt])).toEqual([
        ['m', 'more'],
        ['m', 'more'],
      ]);
      expect(await db.turns.unrequested(-1000, 10)).toEqual([]);
    });

    it('go to the executors of the turn before, unless those failed or the bots are others', async () => {
      const steps = [[1], [2]];
      const append = async (taskId: number, more = {}) => {
        await db.turns.appendTurn(taskId, db.turn({ ...executors, steps, ...more }));

        return (await db.answersOf(taskId))
          .slice(-2)
          .map(({ executorName, executorNamespace }) => [executorName, executorNamespace]);
      };
      const ended = async (status: 'COMPLETED' | 'FAILED') => {
        const { taskId } = await db.newTask({ ...executors, steps });
        const answers = await db.answersOf(taskId);
        for (const [index, { id }] of answers.entries()) {
          const report = { executorName: `box-${index}`, executorNamespace: 'ns' };
          await db.apply({ subtaskId: id, ...end(index === 1 ? status : 'COMPLETED'), report });
        }

        return taskId;
      };

      expect(await append(await ended('COMPLETED'))).toEqual([
        ['box-0', 'ns'],
        ['box-1', 'ns'],
      ]);
      expect(await append(await ended('FAILED'))).toEqual([
        ['box-0', 'ns'],
        ['', ''],
      ]);
      expect(await append(await ended('FAILED'), { isRetry: true })).toEqual([
        ['', ''],
        ['', ''],
      ]);
      expect(await append(await ended('COMPLETED'), { steps: [[3], [2]] })).toEqual([
        ['', ''],
        ['box-1', 'ns'],
      ]);
      expect(await append(await ended('COMPLETED'), { onExecutors: false })).toEqual([
        ['', ''],
        ['', ''],
      ]);
    });
  });

  it('finds any part of a title, wildcards taken literally', async () => {
    for (const title of ['100% sure', '100 times', 'Größe 中文标题', 'under_score', 'ΟΔΟΣΑΣ'])
      await db.newTask({}, { title });
    const search = async (title: string) =>
      (await db.tasks.list(db.userId, { page: 1, limit: 10, title })).items.map((task) => task.title);
    expect(await search('0%')).toEqual(['100% sure']);
    expect(await search('r_s')).toEqual(['under_score']);
    expect(await search('文标')).toEqual(['Größe 中文标题']);
    expect(await search('GRÖ')).toEqual(['Größe 中文标题']);
    expect(await search('ΟΔΟΣ')).toEqual(['ΟΔΟΣΑΣ']);
    expect(await search('\\')).toEqual([]);
    const { taskId } = await db.newTask({}, { title: 'before' });
    await db.tasks.edit(db.userId, taskId, { title: 'AFTER' });
    expect([await search('before'), await search('after')]).toEqual([[], ['AFTER']]);
  });

  it('lists in short what it lists in full', async () => {
    for (const title of ['one', 'two', 'three']) await db.newTask({}, { title });
    const page = { page: 1, limit: 2 };
    const [lite, full] = [await db.tasks.listLite(db.userId, page), await db.tasks.list(db.userId, page)];
    expect(lite.total).toBe(3);
    expect(full.items).toMatchObject(lite.items);
    expect(lite.items[0]).not.toHaveProperty('result');
  });

  it('hides deleted tasks, which must have ended', async () => {
    const { taskId, subtaskId } = await db.newTask();
    expect(await db.tasks.markDeleted(db.userId, taskId)).toBeNull();
    await db.apply({ subtaskId, ...end('COMPLETED') });
    expect(await db.tasks.markDeleted(db.otherId, taskId)).toBeNull();
    expect(await db.tasks.markDeleted(db.userId, taskId)).toHaveLength(2);
    expect(await db.task(taskId)).toBeNull();
    const [row] = await db.rows<{ status: string }>(sql`select status from tasks where id = ${taskId}`);
    expect(row?.status).toBe('DELETE');
    expect(await db.apply({ subtaskId, ...end('FAILED') })).toEqual(['terminal']);
  });
});
