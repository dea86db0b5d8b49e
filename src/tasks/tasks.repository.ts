import { Inject, Injectable } from '@nestjs/common';
import { and, asc, desc, eq, getTableColumns, inArray, ne, type SQL, sql } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';
import { offsetOf, type Page, type PageQuery } from '../common/page.js';
import { searchKey } from '../common/text/prompt.js';
import { DB, type Db, hasRows, rowsOf } from '../infra/database/database.js';
import {
  type SubtaskResult,
  subtasks,
  tasks,
  type TaskStatus,
  type TitleSource,
  users,
} from '../infra/database/schema/schema.js';
import { followUps } from '../infra/database/schema/task-records.schema.js';
import { FOLLOW_UP_COUNT } from './follow-ups/follow-up-count.sql.js';
import { fromStates, TASK_TRANSITIONS, TERMINAL, UNFINISHED } from './task-status.js';
import type { SubtaskRow, TaskRow } from './turns/answer-turn.js';
import { sizedResult } from './turns/sized-result.sql.js';

/** A task with the result of its answer, the name of its user and how many queued prompts wait. */
export type TaskDetails = TaskRow & { result: SubtaskResult | null; userName: string; followUps: number };

/** A task or subtask of a list: its result is null when it was left out. */
export type Listed<Row> = Row & { isOmitted: boolean };

/** Token counts of answers whose costs have one currency. */
export interface UsageSum {
  input: number;
  output: number;
  total: number;
  cost: number | null;
  currency: string | null;
}

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

const MORE = { userName: users.userName, followUps: FOLLOW_UP_COUNT };

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
      .select({ ...LISTED, ...sizedResult(subtasks.result, MAX_LISTED_RESULT), ...MORE })
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
      .select({ task: tasks, result: subtasks.result, ...MORE })
      .from(tasks)
      .innerJoin(users, eq(users.id, tasks.userId))
      .leftJoin(subtasks, eq(subtasks.id, tasks.resultOf));
  }

  /** Returns the sums of the token counts in the ends of a task's answers, by currency; null for costs without one. */
  usage(taskId: number): Promise<UsageSum[]> {
    const usage = sql`terminal_event->'usage'`;
    const sum = (name: string) => sql`coalesce(sum((${usage}->>${sql.raw(`'${name}'`)})::float8), 0)::float8`;

    return rowsOf(
      this.db,
      sql`select ${sum('input_tokens')} as input, ${sum('output_tokens')} as output, ${sum('total_tokens')} as total,
        sum((${usage}->>'cost')::float8)::float8 as cost, ${usage}->>'currency' as currency
      from subtasks where task_id = ${taskId} and ${usage} is not null group by ${usage}->>'currency'`,
    );
  }

  /** Changes fields that are not part of the status machine. @returns false when the task is not the user's */
  async edit(
    userId: number,
    taskId: number,
    change: Partial<Pick<TaskRow, 'title' | 'gitUrl' | 'gitRepoId'>>,
  ): Promise<boolean> {
    const { title } = change;
    const values = { ...change, ...(title !== undefined && titledBy('user', title)), updatedAt: sql`now()` };

    return hasRows(this.db.update(tasks).set(values).where(mine(userId, taskId)).returning({ id: tasks.id }));
  }

  /** Gives a task a title of a model. @returns false when the task is not the user's, or has another title already */
  setModelTitle(userId: number, taskId: number, title: string): Promise<boolean> {
    const isOpen = and(mine(userId, taskId), eq(tasks.titleSource, 'prompt'));
    const values = { ...titledBy('model', title), updatedAt: sql`now()` };

    return hasRows(this.db.update(tasks).set(values).where(isOpen).returning({ id: tasks.id }));
  }

  /** Returns null when the task is not the user's. */
  async linkEpoch(userId: number, taskId: number): Promise<number | null> {
    const [row] = await this.db.select({ epoch: tasks.linkEpoch }).from(tasks).where(mine(userId, taskId));

    return row?.epoch ?? null;
  }

  /** Ends the links of earlier epochs. @returns false when the task is not the user's */
  raiseLinkEpoch(userId: number, taskId: number): Promise<boolean> {
    const values = { linkEpoch: sql`${tasks.linkEpoch} + 1` };

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
      await tx.delete(followUps).where(eq(followUps.taskId, taskId));
      const gone = await tx
        .update(subtasks)
        .set({ status: 'DELETE', updatedAt: sql`now()` })
        .where(eq(subtasks.taskId, taskId))
        .returning({ id: subtasks.id });

      return gone.map((row) => row.id);
    });
  }
}

function titledBy(titleSource: TitleSource, title: string) {
  return { title, titleKey: searchKey(title), titleSource };
}

function toDetails({ task, ...more }: { task: TaskRow } & Omit<TaskDetails, keyof TaskRow>): TaskDetails {
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

/** A task of a user, unless it is deleted. */
export function mine(userId: number, taskId: number): SQL | undefined {
  return and(eq(tasks.id, taskId), eq(tasks.userId, userId), ne(tasks.status, 'DELETE'));
}
