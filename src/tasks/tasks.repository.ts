import { Inject, Injectable } from '@nestjs/common';
import { and, asc, desc, eq, getTableColumns, inArray, ne, type SQL, sql } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';
import { offsetOf, type Page, type PageQuery } from '../common/page.js';
import { searchKey } from '../common/prompt.js';
import { DB, type Db, hasRows } from '../infra/database/database.js';
import { type SubtaskResult, subtasks, tasks, type TaskStatus, users } from '../infra/database/schema/schema.js';
import { fromStates, TASK_TRANSITIONS, TERMINAL, UNFINISHED } from './task-status.js';
import type { SubtaskRow, TaskRow } from './turns/answer-turn.js';
import { sizedResult } from './turns/sized-result.sql.js';
import { withinMemory } from './turns/within-memory.sql.js';

/** A task with the result of its answer and the name of its user. */
export type TaskDetails = TaskRow & { result: SubtaskResult | null; userName: string };

/** A task or subtask of a list: its result is null when it was left out. */
export type Listed<Row> = Row & { isOmitted: boolean };

/** What a list of tasks is narrowed to. */
export interface TaskFilters {
  status?: TaskStatus;
  task_type?: 'chat' | 'code';
  team_id?: number;
  /** Part of the title, in any case. */
  title?: string;
}

/** Largest result that a list of tasks contains, in bytes of its JSON. */
export const MAX_LISTED_RESULT = 4096;
/** Characters of a prompt or error message that a list of tasks contains. */
export const MAX_LISTED_TEXT = 1000;

const LITE = {
  id: tasks.id,
  title: tasks.title,
  status: tasks.status,
  taskType: tasks.taskType,
  type: tasks.type,
  createdAt: tasks.createdAt,
  updatedAt: tasks.updatedAt,
  teamId: tasks.teamId,
  gitRepo: tasks.gitRepo,
};

const cut = (column: PgColumn) => sql`left(${column}, ${MAX_LISTED_TEXT})`;

const LISTED = {
  ...getTableColumns(tasks),
  prompt: cut(tasks.prompt) as SQL<string>,
  errorMessage: cut(tasks.errorMessage) as SQL<string | null>,
};

export type LiteTaskRow = Pick<TaskRow, keyof typeof LITE>;

/** Tasks and subtasks in the database. Every status write is guarded by the states it may follow. */
@Injectable()
export class TasksRepository {
  constructor(@Inject(DB) private readonly db: Db) {}

  /** Guarded write of CANCELLING. @returns the task's state afterwards, null when it is not the user's */
  async startCancel(userId: number, taskId: number): Promise<TaskStatus | null> {
    const [changed] = await this.db
      .update(tasks)
      .set({ status: 'CANCELLING', updatedAt: sql`now()` })
      .where(and(mine(userId, taskId), inArray(tasks.status, fromStates(TASK_TRANSITIONS, 'CANCELLING'))))
      .returning({ status: tasks.status });

    return changed?.status ?? (await this.find(userId, taskId))?.status ?? null;
  }

  /** Answers of a task that have not ended, in order. */
  async unfinishedSubtasks(taskId: number): Promise<SubtaskRow[]> {
    return this.db
      .select()
      .from(subtasks)
      .where(
        and(eq(subtasks.taskId, taskId), eq(subtasks.role, 'ASSISTANT'), inArray(subtasks.status, [...UNFINISHED])),
      )
      .orderBy(asc(subtasks.messageId));
  }

  async find(userId: number, taskId: number): Promise<TaskDetails | null> {
    const [row] = await this.details().where(mine(userId, taskId));

    return row ? toDetails(row) : null;
  }

  /**
   * Returns a page of a user's tasks, newest first, which the filters let through. Texts are cut and large results left out by
   * the statement: a page is small whatever its tasks contain.
   */
  async list(userId: number, page: PageQuery & TaskFilters): Promise<Page<Listed<TaskDetails>>> {
    const wanted = ofUser(userId, page);
    const items = await this.db
      .select({ ...LISTED, ...sizedResult(subtasks.result, MAX_LISTED_RESULT), userName: users.userName })
      .from(tasks)
      .innerJoin(users, eq(users.id, tasks.userId))
      .leftJoin(subtasks, eq(subtasks.id, tasks.resultOf))
      .where(wanted)
      .orderBy(desc(tasks.id))
      .limit(page.limit)
      .offset(offsetOf(page));

    return { total: await this.db.$count(tasks, wanted), items };
  }

  /** The same page in short: prompts and results, which may be large, are not read. */
  async listLite(userId: number, page: PageQuery): Promise<Page<LiteTaskRow>> {
    const wanted = ofUser(userId);
    const items = await this.db
      .select(LITE)
      .from(tasks)
      .where(wanted)
      .orderBy(desc(tasks.id))
      .limit(page.limit)
      .offset(offsetOf(page));

    return { total: await this.db.$count(tasks, wanted), items };
  }

  private details() {
    return this.db
      .select({ task: tasks, result: subtasks.result, userName: users.userName })
      .from(tasks)
      .innerJoin(users, eq(users.id, tasks.userId))
      .leftJoin(subtasks, eq(subtasks.id, tasks.resultOf));
  }

  /**
   * Returns a page of a task's subtasks: page 1 holds the newest, each page is in the order of the conversation. Results
   * that make a page too large are left out, those of the oldest first; the newest one always stays.
   */
  async subtasks(taskId: number, page: PageQuery): Promise<Page<Listed<SubtaskRow>>> {
    const { result, ...columns } = getTableColumns(subtasks);
    const rows = sql`select id, message_id, result from subtasks where task_id = ${taskId}
      order by message_id desc limit ${page.limit} offset ${offsetOf(page)}`;
    const isWhole = await withinMemory(this.db, rows);
    const ofTask = eq(subtasks.taskId, taskId);
    const items = await this.db
      .select({
        ...columns,
        result: sql<SubtaskResult | null>`case when ${isWhole} then ${result} end`,
        isOmitted: sql<boolean>`${result} is not null and not ${isWhole}`,
      })
      .from(subtasks)
      .where(ofTask)
      .orderBy(desc(subtasks.messageId))
      .limit(page.limit)
      .offset(offsetOf(page));

    return { total: await this.db.$count(subtasks, ofTask), items: items.reverse() };
  }

  /** Changes fields that are not part of the status machine. @returns false when the task is not the user's */
  async edit(
    userId: number,
    taskId: number,
    change: Partial<Pick<TaskRow, 'title' | 'gitUrl' | 'gitRepoId'>>,
  ): Promise<boolean> {
    const { title } = change;
    const values = { ...change, ...(title !== undefined && { titleKey: searchKey(title) }), updatedAt: sql`now()` };

    return hasRows(this.db.update(tasks).set(values).where(mine(userId, taskId)).returning({ id: tasks.id }));
  }

  /** Hides a task and its subtasks for good. @returns their ids; null when the task is not the user's or still runs */
  async markDeleted(userId: number, taskId: number): Promise<number[] | null> {
    return this.db.transaction(async (tx) => {
      // Answers before tasks, as reports take them: see `lockTurns`.
      await tx
        .select({ id: subtasks.id })
        .from(subtasks)
        .where(eq(subtasks.taskId, taskId))
        .orderBy(subtasks.id)
        .for('update');
      const rows = await tx
        .update(tasks)
        .set({ status: 'DELETE', updatedAt: sql`now()` })
        .where(and(mine(userId, taskId), inArray(tasks.status, [...TERMINAL])))
        .returning({ id: tasks.id });
      if (rows.length === 0) return null;
      const gone = await tx
        .update(subtasks)
        .set({ status: 'DELETE', updatedAt: sql`now()` })
        .where(eq(subtasks.taskId, taskId))
        .returning({ id: subtasks.id });

      return gone.map((row) => row.id);
    });
  }
}

function toDetails({ task, ...more }: { task: TaskRow } & Pick<TaskDetails, 'result' | 'userName'>): TaskDetails {
  return { ...task, ...more };
}

/** A user's tasks. Index `tasks_owner_newest` brings them in order; titles are compared among those. */
function ofUser(userId: number, filters: TaskFilters = {}): SQL | undefined {
  const { status, task_type: taskType, team_id: teamId, title } = filters;

  return and(
    eq(tasks.userId, userId),
    ne(tasks.status, 'DELETE'),
    status === undefined ? undefined : eq(tasks.status, status),
    taskType === undefined ? undefined : eq(tasks.taskType, taskType),
    teamId === undefined ? undefined : eq(tasks.teamId, teamId),
    title === undefined ? undefined : sql`strpos(${tasks.titleKey}, ${searchKey(title)}) > 0`,
  );
}

function mine(userId: number, taskId: number): SQL | undefined {
  return and(eq(tasks.id, taskId), eq(tasks.userId, userId), ne(tasks.status, 'DELETE'));
}
