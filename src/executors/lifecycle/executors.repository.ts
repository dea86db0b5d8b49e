import { Inject, Injectable } from '@nestjs/common';
import { and, eq, inArray, isNull, ne, sql } from 'drizzle-orm';
import { DB, type Db, rowsOf } from '../../infra/database/database.js';
import { subtasks, tasks } from '../../infra/database/schema/schema.js';
import { TERMINAL, UNFINISHED } from '../../tasks/task-status.js';

/** Hours without work after which executors are deleted, by the type of their task. */
export interface IdleHours {
  chat: number;
  code: number;
}

const now = sql`now()`;
const ENDED = [...TERMINAL, 'DELETE'];
/** The condition of the index of executors, which knows no parameters. */
const isKept = and(sql`${subtasks.executorName} <> ''`, isNull(subtasks.executorDeletedAt));

/** Executors by the subtasks that name them. */
@Injectable()
export class ExecutorsRepository {
  constructor(@Inject(DB) private readonly db: Db) {}

  /** Whether executors have worked on a task. */
  async hasExecutors(taskId: number): Promise<boolean> {
    const rows = await this.db
      .select({ id: subtasks.id })
      .from(subtasks)
      .where(and(eq(subtasks.taskId, taskId), sql`(${subtasks.offers} > 0 or ${subtasks.executorName} <> '')`))
      .limit(1);

    return rows.length > 0;
  }

  /** Returns the executors of a task; null when it is unknown. */
  async executorsOf(taskId: number) {
    const rows = await this.db
      .select({ taskStatus: tasks.status, autoDelete: tasks.autoDeleteExecutor, name: subtasks.executorName })
      .from(tasks)
      .leftJoin(subtasks, and(eq(subtasks.taskId, tasks.id), ne(subtasks.executorName, '')))
      .where(eq(tasks.id, taskId));
    const [first] = rows;
    if (!first) return null;
    const names = new Set(rows.flatMap(({ name }) => name ?? []));

    return { taskStatus: first.taskStatus, autoDelete: first.autoDelete, names: [...names] };
  }

  /** Returns executors that have been without work for so long; the tasks of all their subtasks have ended. */
  async idle({ chat, code }: IdleHours, limit: number): Promise<string[]> {
    const hours = sql`make_interval(hours => case when t.task_type = 'code' then ${code}::int else ${chat}::int end)`;
    const isBusy = sql`(o.status not in ${ENDED} or ot.status not in ${ENDED}
      or greatest(o.updated_at, ot.updated_at) > now() - ${hours})`;
    const rows = await rowsOf<{ name: string }>(
      this.db,
      sql`select distinct s.executor_name as name from subtasks s join tasks t on t.id = s.task_id
        where s.executor_name <> '' and s.executor_deleted_at is null and s.status in ${ENDED} and t.status in ${ENDED}
          and greatest(s.updated_at, t.updated_at) <= now() - ${hours}
          and not exists (select 1 from subtasks o join tasks ot on ot.id = o.task_id
            where o.executor_name = s.executor_name and o.executor_name <> '' and o.executor_deleted_at is null and ${isBusy})
        limit ${limit}`,
    );

    return rows.map(({ name }) => name);
  }

  /**
   * Records that an executor is deleted, so that no dispatch names it any more.
   * @returns false when an unfinished subtask needs it
   */
  async beginDeletion(name: string): Promise<boolean> {
    const named = and(isKept, eq(subtasks.executorName, name));

    return this.db.transaction(async (tx) => {
      // Answers before tasks, as reports lock them. A turn that is stored meanwhile waits for the lock of its task.
      const locked = await tx
        .select({ taskId: subtasks.taskId })
        .from(subtasks)
        .where(named)
        .orderBy(subtasks.id)
        .for('update');
      const taskIds = locked.map(({ taskId }) => taskId);
      if (taskIds.length === 0) return true;
      await tx.select({ id: tasks.id }).from(tasks).where(inArray(tasks.id, taskIds)).orderBy(tasks.id).for('update');
      if ((await tx.$count(subtasks, and(named, inArray(subtasks.status, [...UNFINISHED])))) > 0) return false;
      await tx.update(subtasks).set({ executorDeletedAt: now }).where(named);

      return true;
    });
  }

  /** Records that an executor could not be deleted: it is found again as an idle one. */
  async undoDeletion(name: string): Promise<void> {
    await this.db.update(subtasks).set({ executorDeletedAt: null }).where(eq(subtasks.executorName, name));
  }

  /** Whether a task has unfinished answers. */
  async isUnfinished(taskId: number): Promise<boolean> {
    return (
      (await this.db.$count(subtasks, and(eq(subtasks.taskId, taskId), inArray(subtasks.status, [...UNFINISHED])))) > 0
    );
  }
}
