import { Inject, Injectable } from '@nestjs/common';
import { and, asc, count, desc, eq, gt, ilike, inArray, ne, type SQL, sql } from 'drizzle-orm';
import { DB, type Db } from '../infra/database/database.js';
import { type SubtaskStatus, subtasks, type TaskStatus, tasks, users } from '../infra/database/schema.js';
import {
  deriveProgress,
  deriveTaskStatus,
  fromStates,
  isTerminal,
  SUBTASK_TRANSITIONS,
  TASK_TRANSITIONS,
  UNFINISHED,
} from './task-status.js';
import type { TaskUpdate } from './tasks.jobs.js';
import type { SubtaskRow, TaskRow } from './turns.repository.js';

type Tx = Parameters<Parameters<Db['transaction']>[0]>[0];

/** What became of an update. */
export interface AppliedUpdate {
  applied: boolean;
  subtaskId: number;
  taskId: number;
  /** States after the update. */
  status: SubtaskStatus;
  taskStatus: TaskStatus;
}

export type TaskWithOwner = TaskRow & { userName: string };

/** Tasks and subtasks in the database. Every status write is guarded by the states it may follow. */
@Injectable()
export class TasksRepository {
  constructor(@Inject(DB) private readonly db: Db) {}

  /** Applies a report if its state may follow, and derives the task's state from it. @returns null for an unknown subtask */
  async applyUpdate(update: TaskUpdate): Promise<AppliedUpdate | null> {
    const alone = await this.applyToOnlyAnswer(update);
    if (alone) return alone;

    return this.db.transaction(async (tx) => {
      const [changed] = await tx
        .update(subtasks)
        .set(subtaskChange(update))
        .where(
          and(
            eq(subtasks.id, update.subtaskId),
            inArray(subtasks.status, fromStates(SUBTASK_TRANSITIONS, update.status)),
          ),
        )
        .returning();
      if (changed)
        return {
          applied: true,
          ...idsOf(changed),
          status: changed.status,
          taskStatus: await this.deriveTask(tx, changed),
        };
      const [row] = await tx
        .select({ subtask: subtasks, taskStatus: tasks.status })
        .from(subtasks)
        .innerJoin(tasks, eq(tasks.id, subtasks.taskId))
        .where(eq(subtasks.id, update.subtaskId));

      return row
        ? { applied: false, ...idsOf(row.subtask), status: row.subtask.status, taskStatus: row.taskStatus }
        : null;
    });
  }

  /**
   * One statement for the usual turn, which has one answer: the task's state is that answer's.
   * @returns null when nothing was changed: the state may not follow, or the turn has several answers
   */
  private async applyToOnlyAnswer(update: TaskUpdate): Promise<AppliedUpdate | null> {
    const { subtaskId, status } = update;
    const from = fromStates(SUBTASK_TRANSITIONS, status);
    const answer = this.db.$with('answer').as(
      this.db
        .update(subtasks)
        .set(subtaskChange(update))
        .where(
          and(eq(subtasks.id, subtaskId), inArray(subtasks.status, from), sql`not exists (${otherAnswers(subtaskId)})`),
        )
        .returning({ taskId: subtasks.taskId, result: subtasks.result, errorMessage: subtasks.errorMessage }),
    );
    const taskStatus = deriveTaskStatus([status], false);
    const ended = isTerminal(status);
    const [changed] = await this.db
      .with(answer)
      .update(tasks)
      .set({
        status: sql`case when ${tasks.status} = 'CANCELLING' then ${deriveTaskStatus([status], true)} else ${taskStatus} end`,
        progress: ended ? 100 : sql`${update.progress ?? 0}::int`,
        ...(ended && { result: sql`answer.result`, errorMessage: sql`answer.error_message`, completedAt: sql`now()` }),
        updatedAt: sql`now()`,
      })
      .from(answer)
      .where(
        and(
          eq(tasks.id, answer.taskId),
          inArray(tasks.status, [...fromStates(TASK_TRANSITIONS, taskStatus), 'CANCELLING']),
        ),
      )
      .returning({ taskId: tasks.id, taskStatus: tasks.status });

    return changed ? { applied: true, subtaskId, status, ...changed } : null;
  }

  /** Writes the task's state as its newest turn has it. The row lock makes concurrent reports take turns. */
  private async deriveTask(tx: Tx, changed: SubtaskRow): Promise<TaskStatus> {
    const [task] = await tx
      .select({ status: tasks.status })
      .from(tasks)
      .where(eq(tasks.id, changed.taskId))
      .for('update');
    const turn = await tx
      .select({ status: subtasks.status, progress: subtasks.progress })
      .from(subtasks)
      .where(
        and(
          eq(subtasks.taskId, changed.taskId),
          eq(subtasks.role, 'ASSISTANT'),
          gt(subtasks.messageId, newestQuestion(changed.taskId)),
        ),
      );
    const current = task?.status ?? 'DELETE';
    const status = deriveTaskStatus(
      turn.map((step) => step.status),
      current === 'CANCELLING',
    );
    const ended = isTerminal(status);
    await tx
      .update(tasks)
      .set({
        status,
        progress: ended ? 100 : deriveProgress(turn),
        ...(isTerminal(changed.status) && { result: changed.result, errorMessage: changed.errorMessage }),
        updatedAt: sql`now()`,
        ...(ended && { completedAt: sql`now()` }),
      })
      .where(and(eq(tasks.id, changed.taskId), inArray(tasks.status, fromStates(TASK_TRANSITIONS, status))));

    return fromStates(TASK_TRANSITIONS, status).includes(current) ? status : current;
  }

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

  async find(userId: number, taskId: number): Promise<TaskWithOwner | null> {
    const [row] = await this.db
      .select({ task: tasks, userName: users.userName })
      .from(tasks)
      .innerJoin(users, eq(users.id, tasks.userId))
      .where(mine(userId, taskId));

    return row ? { ...row.task, userName: row.userName } : null;
  }

  /** A page of a user's tasks, newest first, whose title holds `title`. */
  async list(
    userId: number,
    page: { page: number; limit: number },
    title?: string,
  ): Promise<{ total: number; items: TaskWithOwner[] }> {
    const wanted: SQL | undefined = and(
      eq(tasks.userId, userId),
      ne(tasks.status, 'DELETE'),
      title === undefined ? undefined : ilike(tasks.title, `%${title.replace(/[\\%_]/g, '\\$&')}%`),
    );
    const [totals] = await this.db.select({ total: count() }).from(tasks).where(wanted);
    const rows = await this.db
      .select({ task: tasks, userName: users.userName })
      .from(tasks)
      .innerJoin(users, eq(users.id, tasks.userId))
      .where(wanted)
      .orderBy(desc(tasks.id))
      .limit(page.limit)
      .offset((page.page - 1) * page.limit);

    return { total: totals?.total ?? 0, items: rows.map((row) => ({ ...row.task, userName: row.userName })) };
  }

  /** A page of a task's subtasks: page 1 holds the newest, each page is in the order of the conversation. */
  async subtasks(
    taskId: number,
    page: { page: number; limit: number },
  ): Promise<{ total: number; items: SubtaskRow[] }> {
    const [totals] = await this.db.select({ total: count() }).from(subtasks).where(eq(subtasks.taskId, taskId));
    const rows = await this.db
      .select()
      .from(subtasks)
      .where(eq(subtasks.taskId, taskId))
      .orderBy(desc(subtasks.messageId))
      .limit(page.limit)
      .offset((page.page - 1) * page.limit);

    return { total: totals?.total ?? 0, items: rows.reverse() };
  }

  /** Changes fields that are not part of the status machine. @returns false when the task is not the user's */
  async edit(
    userId: number,
    taskId: number,
    change: Partial<Pick<TaskRow, 'title' | 'gitUrl' | 'gitRepoId'>>,
  ): Promise<boolean> {
    const rows = await this.db
      .update(tasks)
      .set({ ...change, updatedAt: sql`now()` })
      .where(mine(userId, taskId))
      .returning({ id: tasks.id });

    return rows.length > 0;
  }

  /** Hides a task and its subtasks for good. @returns their ids; null when the task is not the user's or still runs */
  async markDeleted(userId: number, taskId: number): Promise<number[] | null> {
    return this.db.transaction(async (tx) => {
      const rows = await tx
        .update(tasks)
        .set({ status: 'DELETE', updatedAt: sql`now()` })
        .where(and(mine(userId, taskId), inArray(tasks.status, ['COMPLETED', 'FAILED', 'CANCELLED'])))
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

function mine(userId: number, taskId: number): SQL | undefined {
  return and(eq(tasks.id, taskId), eq(tasks.userId, userId), ne(tasks.status, 'DELETE'));
}

function newestQuestion(taskId: number): SQL<number> {
  return sql`(select max(message_id) from subtasks where task_id = ${taskId} and role = 'USER')`;
}

function subtaskChange(update: TaskUpdate) {
  const ended = isTerminal(update.status);

  return {
    status: update.status,
    // Progress never goes back, whatever order reports come in.
    progress: ended ? 100 : sql`greatest(${subtasks.progress}, ${update.progress ?? 0})`,
    ...(update.result !== undefined && { result: update.result }),
    ...(update.errorMessage !== undefined && { errorMessage: update.errorMessage }),
    ...(update.terminal && { terminalEvent: { ...update.terminal.event }, terminalSeq: update.terminal.seq }),
    updatedAt: sql`now()`,
    ...(ended && { completedAt: sql`now()` }),
  };
}

const idsOf = ({ id, taskId }: SubtaskRow) => ({ subtaskId: id, taskId });

/** Answers of the same turn besides this one: assistant rows with no question between. */
function otherAnswers(subtaskId: number): SQL {
  return sql`select 1 from subtasks me join subtasks other on other.task_id = me.task_id and other.id <> me.id
    where me.id = ${subtaskId} and other.role = 'ASSISTANT'
      and other.message_id > (select max(message_id) from subtasks where task_id = me.task_id and role = 'USER')`;
}
