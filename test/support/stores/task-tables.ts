import type { SQL } from 'drizzle-orm';
import { loadConfig } from '../../../src/config/app-config.js';
import { type Db, type OpenDatabase, rowsOf } from '../../../src/infra/database/database.js';
import * as schema from '../../../src/infra/database/schema/schema.js';
import { taskReservations } from '../../../src/infra/database/schema/task-records.schema.js';
import type { NewTask, NewTurn, StoredTurn } from '../../../src/tasks/turns/new-turn.js';
import { TaskUpdatesRepository } from '../../../src/tasks/status/task-updates.repository.js';
import type { TaskUpdate } from '../../../src/tasks/tasks.jobs.js';
import { TasksRepository } from '../../../src/tasks/tasks.repository.js';
import { ConversationPaths } from '../../../src/tasks/turns/conversation-paths.js';
import type { SubtaskRow } from '../../../src/tasks/turns/answer-turn.js';
import { AnswerTurnsRepository } from '../../../src/tasks/turns/answer-turns.repository.js';
import { TurnsRepository } from '../../../src/tasks/turns/turns.repository.js';
import { openTestDatabase } from './database.js';

export const NEW_TASK: NewTask = {
  titleSource: 'prompt',
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

/** A turn in short. */
export interface TestTurn extends Partial<Omit<NewTurn, 'steps'>> {
  /** The bots of each answer. */
  steps?: readonly (readonly number[])[];
  /** Whether executors give the answers; or which ones, from 1. */
  onExecutors?: boolean | readonly number[];
}

/** The end of a subtask, with a text. */
export const end = (status: TaskUpdate['status'], value = 'text'): Omit<TaskUpdate, 'subtaskId'> => ({
  status,
  result: { value },
});

/** The tables of tasks in an embedded database, with a user and a team, and the repositories on them. */
export class TaskTables {
  readonly turns: TurnsRepository;
  readonly tasks: TasksRepository;
  readonly conversations: ConversationPaths;
  readonly updates: TaskUpdatesRepository;

  private constructor(
    private readonly database: OpenDatabase,
    readonly userId: number,
    readonly otherId: number,
    readonly teamId: number,
  ) {
    const { db } = database;
    this.turns = new TurnsRepository(db);
    this.tasks = new TasksRepository(db);
    this.conversations = new ConversationPaths(db);
    this.updates = new TaskUpdatesRepository(db, loadConfig({ EXECUTOR_SILENT_LEASE_SECONDS: '120' }));
  }

  get db(): Db {
    return this.database.db;
  }

  static async open(): Promise<TaskTables> {
    const database = await openTestDatabase();
    const { db } = database;
    const names = [{ userName: 'ann' }, { userName: 'bob' }];
    const users = await db.insert(schema.users).values(names).returning();
    const [team] = await db.insert(schema.teams).values({ name: 'team', members: [] }).returning();

    return new TaskTables(database, users[0]?.id ?? 0, users[1]?.id ?? 0, team?.id ?? 0);
  }

  /** Runs a statement of the test's own. */
  rows<Row>(statement: SQL): Promise<Row[]> {
    return rowsOf<Row>(this.db, statement);
  }

  async clear(): Promise<void> {
    for (const table of [schema.subtasks, schema.tasks, taskReservations]) await this.db.delete(table);
  }

  close(): Promise<void> {
    return this.database.close();
  }

  turn({ steps = [[1]], onExecutors = false, ...more }: TestTurn = {}): NewTurn {
    const { userId, teamId } = this;
    const isGiven = (place: number) => (typeof onExecutors === 'boolean' ? onExecutors : onExecutors.includes(place));

    return {
      ...{ userId, teamId, prompt: 'question', title: 'title', run: null, idempotency: null },
      steps: steps.map((bots, index) => ({ bots: [...bots], onExecutors: isGiven(index + 1) })),
      ...more,
    };
  }

  async newTask(more: TestTurn = {}, task: Partial<NewTask> = {}): Promise<StoredTurn> {
    const stored = await this.turns.createTask({ ...NEW_TASK, ...task }, this.turn(more), null);
    if (!stored) throw new Error('not stored');

    return stored;
  }

  /** Applies reports in one go. @returns their outcomes */
  async apply(...updates: TaskUpdate[]): Promise<string[]> {
    return (await this.updates.apply(updates)).results.map(({ outcome }) => outcome);
  }

  async answersOf(taskId: number): Promise<SubtaskRow[]> {
    const { items } = await this.conversations.page(taskId, { page: 1, limit: 50 });

    return items.filter(({ role }) => role === 'ASSISTANT');
  }

  async answer(subtaskId: number): Promise<SubtaskRow> {
    const turn = await new AnswerTurnsRepository(this.db).byAnswer(subtaskId);
    const found = turn?.step(subtaskId);
    if (!found) throw new Error(`there is no subtask ${subtaskId}`);

    return found;
  }

  task(taskId: number) {
    return this.tasks.find(this.userId, taskId);
  }

  async statusOf(taskId: number): Promise<string | undefined> {
    return (await this.task(taskId))?.status;
  }
}
