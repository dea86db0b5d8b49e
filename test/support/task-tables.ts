import { PGlite } from '@electric-sql/pglite';
import { drizzle } from 'drizzle-orm/pglite';
import { migrate } from 'drizzle-orm/pglite/migrator';
import { loadConfig } from '../../src/config/app-config.js';
import type { Db } from '../../src/infra/database/database.js';
import * as schema from '../../src/infra/database/schema.js';
import type { NewTask, NewTurn } from '../../src/tasks/store-turn.sql.js';
import { TaskUpdatesRepository } from '../../src/tasks/task-updates.repository.js';
import type { TaskUpdate } from '../../src/tasks/tasks.jobs.js';
import { TasksRepository } from '../../src/tasks/tasks.repository.js';
import { type StoredTurn, type SubtaskRow, TurnsRepository } from '../../src/tasks/turns.repository.js';

export const NEW_TASK: NewTask = {
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

/** The end of a subtask, with a text. */
export const end = (status: TaskUpdate['status'], value = 'text'): Omit<TaskUpdate, 'subtaskId'> => ({
  status,
  result: { value },
});

/** The tables of tasks in a database in memory, with a user and a team, and the repositories on them. */
export class TaskTables {
  readonly turns: TurnsRepository;
  readonly tasks: TasksRepository;
  readonly updates: TaskUpdatesRepository;

  private constructor(
    readonly client: PGlite,
    readonly db: Db,
    readonly userId: number,
    readonly otherId: number,
    readonly teamId: number,
  ) {
    this.turns = new TurnsRepository(db);
    this.tasks = new TasksRepository(db);
    this.updates = new TaskUpdatesRepository(db, loadConfig({ EXECUTOR_LEASE_SECONDS: '120' }));
  }

  static async open(): Promise<TaskTables> {
    const client = await PGlite.create();
    const db = drizzle({ client, schema });
    await migrate(db, { migrationsFolder: 'src/infra/database/migrations' });
    const names = [{ userName: 'ann' }, { userName: 'bob' }];
    const users = await db.insert(schema.users).values(names).returning();
    const [team] = await db.insert(schema.teams).values({ name: 'team', members: [] }).returning();

    return new TaskTables(client, db, users[0]?.id ?? 0, users[1]?.id ?? 0, team?.id ?? 0);
  }

  async clear(): Promise<void> {
    await this.client.exec('delete from subtasks; delete from tasks; delete from task_reservations');
  }

  close(): Promise<void> {
    return this.client.close();
  }

  turn(more: Partial<NewTurn> = {}): NewTurn {
    const { userId, teamId } = this;

    return {
      ...{ userId, teamId, prompt: 'question', title: 'title', steps: [[1]], run: null, idempotency: null },
      ...more,
    };
  }

  async newTask(more: Partial<NewTurn> = {}, task: Partial<NewTask> = {}): Promise<StoredTurn> {
    const stored = await this.turns.createTask({ ...NEW_TASK, ...task }, this.turn(more), null);
    if (!stored) throw new Error('not stored');

    return stored;
  }

  /** Applies reports in one go. @returns their outcomes */
  async apply(...updates: TaskUpdate[]): Promise<string[]> {
    return (await this.updates.apply(updates)).results.map(({ outcome }) => outcome);
  }

  async answersOf(taskId: number): Promise<SubtaskRow[]> {
    const { items } = await this.tasks.subtasks(taskId, { page: 1, limit: 50 });

    return items.filter(({ role }) => role === 'ASSISTANT');
  }

  async answer(subtaskId: number): Promise<SubtaskRow> {
    const found = await this.turns.find(subtaskId);
    if (!found) throw new Error(`there is no subtask ${subtaskId}`);

    return found.subtask;
  }

  task(taskId: number) {
    return this.tasks.find(this.userId, taskId);
  }

  async statusOf(taskId: number): Promise<string | undefined> {
    return (await this.task(taskId))?.status;
  }
}
