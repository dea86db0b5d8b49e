import { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { drizzle } from 'drizzle-orm/pglite';
import { migrate } from 'drizzle-orm/pglite/migrator';
import fc from 'fast-check';
import type { Db } from '../src/infra/database/database.js';
import * as schema from '../src/infra/database/schema.js';
import { isTerminal } from '../src/tasks/task-status.js';
import type { TaskUpdate } from '../src/tasks/tasks.jobs.js';
import { TasksRepository } from '../src/tasks/tasks.repository.js';
import { type NewTask, type NewTurn, type StoredTurn, TurnsRepository } from '../src/tasks/turns.repository.js';

const TASK: NewTask = {
  title: 'title',
  type: 'online',
  taskType: 'chat',
  source: 'test',
  gitUrl: '',
  gitRepo: '',
  gitRepoId: 0,
  gitDomain: '',
  branchName: '',
  modelId: null,
  forceOverrideBotModel: false,
  autoDeleteExecutor: false,
};

const end = (status: TaskUpdate['status'], value = 'text'): Omit<TaskUpdate, 'subtaskId'> => ({
  status,
  result: { value },
});

describe('tasks in the database', () => {
  let client: PGlite;
  let turns: TurnsRepository;
  let tasks: TasksRepository;
  let userId: number;
  let teamId: number;

  beforeAll(async () => {
    client = await PGlite.create();
    const db = drizzle({ client, schema }) as unknown as Db;
    await migrate(drizzle({ client, schema }), { migrationsFolder: 'src/infra/database/migrations' });
    turns = new TurnsRepository(db);
    tasks = new TasksRepository(db);
    const [user] = await db.insert(schema.users).values({ userName: 'ann' }).returning();
    const [team] = await db.insert(schema.teams).values({ name: 'team', members: [] }).returning();
    userId = user?.id ?? 0;
    teamId = team?.id ?? 0;
  });

  beforeEach(() => client.exec('delete from subtasks; delete from tasks; delete from task_reservations'));

  afterAll(() => client.close());

  const turn = (more: Partial<NewTurn> = {}): NewTurn => ({
    ...{ userId, teamId, prompt: 'question', title: 'title', steps: [[1]], run: null, idempotency: null },
    ...more,
  });

  async function newTask(more: Partial<NewTurn> = {}): Promise<StoredTurn> {
    const stored = await turns.createTask(TASK, turn(more), null);
    if (!stored) throw new Error('not stored');

    return stored;
  }

  const answersOf = async (taskId: number) =>
    (await tasks.subtasks(taskId, { page: 1, limit: 50 })).items.filter(({ role }) => role === 'ASSISTANT');
  const statusOf = async (taskId: number) => (await tasks.find(userId, taskId))?.status;

  describe('storing turns', () => {
    it('puts question and answers in order, one answer per step', async () => {
      const { taskId } = await newTask({ steps: [[1], [2], [3]] });
      const { items } = await tasks.subtasks(taskId, { page: 1, limit: 10 });
      expect(items.map(({ role, messageId, parentId, botIds }) => [role, messageId, parentId, botIds])).toEqual([
        ['USER', 1, 0, []],
        ['ASSISTANT', 2, 1, [1]],
        ['ASSISTANT', 3, 2, [2]],
        ['ASSISTANT', 4, 3, [3]],
      ]);
    });

    it('appends to an ended task of the user only', async () => {
      const { taskId, subtaskId } = await newTask();
      expect(await turns.appendTurn(taskId, turn())).toBeNull();
      await tasks.applyUpdate({ subtaskId, ...end('COMPLETED') });
      expect(await turns.appendTurn(taskId, turn({ userId: userId + 1 }))).toBeNull();
      expect(await turns.appendTurn(taskId, turn())).toMatchObject({ taskId, messageId: 4 });
      expect(await statusOf(taskId)).toBe('PENDING');
    });

    it('uses up a reservation of the user only, and once', async () => {
      const reserved = await turns.reserve(userId);
      expect(await turns.reserve(userId)).not.toBe(reserved);
      expect(await turns.createTask(TASK, turn({ userId: userId + 1 }), reserved)).toBeNull();
      expect(await turns.createTask(TASK, turn(), reserved)).toMatchObject({ taskId: reserved });
      expect(await turns.createTask(TASK, turn(), reserved)).toBeNull();
    });

    it('counts runs in the statement that stores one', async () => {
      const run = { prompt: null, modelId: null, limit: 2 };
      await newTask({ run });
      const second = await newTask({ run });
      expect(await turns.createTask(TASK, turn({ run }), null)).toBeNull();
      await tasks.applyUpdate({ subtaskId: second.subtaskId, ...end('COMPLETED') });
      expect(await turns.createTask(TASK, turn({ run }), null)).not.toBeNull();
    });

    it('lets one of two requests start a waiting answer', async () => {
      const { subtaskId } = await newTask();
      const run = { prompt: null, modelId: null, limit: 10 };
      expect(await turns.requestRun(userId, subtaskId, run)).toBe(true);
      expect(await turns.requestRun(userId, subtaskId, run)).toBe(false);
    });
  });

  describe('reports', () => {
    it('make the state of a task with one answer', async () => {
      const { taskId, subtaskId } = await newTask();
      await tasks.applyUpdate({ subtaskId, status: 'RUNNING', progress: 40 });
      expect(await tasks.find(userId, taskId)).toMatchObject({ status: 'RUNNING', progress: 40 });
      expect(await tasks.applyUpdate({ subtaskId, ...end('COMPLETED', 'done') })).toMatchObject({
        applied: true,
        taskStatus: 'COMPLETED',
      });
      expect(await tasks.find(userId, taskId)).toMatchObject({
        status: 'COMPLETED',
        progress: 100,
        result: { value: 'done' },
      });
    });

    it('that come late or twice change nothing', async () => {
      const { taskId, subtaskId } = await newTask();
      await tasks.applyUpdate({ subtaskId, ...end('COMPLETED', 'first') });
      for (const status of ['RUNNING', 'FAILED', 'CANCELLED', 'COMPLETED'] as const) {
        expect(await tasks.applyUpdate({ subtaskId, ...end(status, 'late') })).toMatchObject({
          applied: false,
          status: 'COMPLETED',
        });
      }
      expect(await tasks.find(userId, taskId)).toMatchObject({ status: 'COMPLETED', result: { value: 'first' } });
    });

    it('of an unknown subtask are told apart', async () => {
      expect(await tasks.applyUpdate({ subtaskId: 999_999, ...end('COMPLETED') })).toBeNull();
    });

    it('do not undo a cancel, and end it', async () => {
      const { taskId, subtaskId } = await newTask();
      expect(await tasks.startCancel(userId, taskId)).toBe('CANCELLING');
      expect(await tasks.applyUpdate({ subtaskId, status: 'RUNNING' })).toMatchObject({ taskStatus: 'CANCELLING' });
      expect(await statusOf(taskId)).toBe('CANCELLING');
      await tasks.applyUpdate({ subtaskId, ...end('CANCELLED') });
      expect(await statusOf(taskId)).toBe('CANCELLED');
      expect(await tasks.startCancel(userId, taskId)).toBe('CANCELLED');
    });

    it('of earlier turns do not count for the newest', async () => {
      const { taskId, subtaskId } = await newTask();
      await tasks.applyUpdate({ subtaskId, ...end('FAILED') });
      const next = await turns.appendTurn(taskId, turn());
      await tasks.applyUpdate({ subtaskId: next?.subtaskId ?? 0, ...end('COMPLETED') });
      expect(await statusOf(taskId)).toBe('COMPLETED');
    });

    it('in any order leave no task unfinished whose answers have all ended', async () => {
      const report = fc.record({
        step: fc.nat(2),
        status: fc.constantFrom<TaskUpdate['status'][]>('RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED'),
      });
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 1, max: 3 }),
          fc.array(report, { maxLength: 12 }),
          async (steps, reports) => {
            const { taskId } = await newTask({ steps: Array.from({ length: steps }, (_, index) => [index + 1]) });
            const answers = await answersOf(taskId);
            for (const { step, status } of reports) {
              const answer = answers[step % answers.length];
              if (answer) await tasks.applyUpdate({ subtaskId: answer.id, ...end(status) });
            }
            const ended = (await answersOf(taskId)).every(({ status }) => isTerminal(status));
            expect(isTerminal((await statusOf(taskId)) ?? '')).toBe(
              ended || (await answersOf(taskId)).some(({ status }) => status === 'FAILED' || status === 'CANCELLED'),
            );
          },
        ),
        { numRuns: 40 },
      );
    });
  });

  it('finds any part of a title, wildcards taken literally', async () => {
    for (const title of ['100% sure', '100 times', 'Größe 中文标题', 'under_score'])
      await turns.createTask({ ...TASK, title }, turn(), null);
    const search = async (title: string) =>
      (await tasks.list(userId, { page: 1, limit: 10 }, title)).items.map((task) => task.title);
    expect(await search('0%')).toEqual(['100% sure']);
    expect(await search('r_s')).toEqual(['under_score']);
    expect(await search('文标')).toEqual(['Größe 中文标题']);
    expect(await search('GRÖ')).toEqual(['Größe 中文标题']);
    expect(await search('\\')).toEqual([]);
  });

  it('hides deleted tasks, which must have ended', async () => {
    const { taskId, subtaskId } = await newTask();
    expect(await tasks.markDeleted(userId, taskId)).toBeNull();
    await tasks.applyUpdate({ subtaskId, ...end('COMPLETED') });
    expect(await tasks.markDeleted(userId + 1, taskId)).toBeNull();
    expect(await tasks.markDeleted(userId, taskId)).toHaveLength(2);
    expect(await tasks.find(userId, taskId)).toBeNull();
    const [row] = (await client.query<{ status: string }>('select status from tasks where id = $1', [taskId])).rows;
    expect(row?.status).toBe('DELETE');
  });
});
