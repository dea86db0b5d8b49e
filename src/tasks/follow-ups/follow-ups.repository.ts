import { Inject, Injectable } from '@nestjs/common';
import { and, asc, eq, isNull, type SQL, sql } from 'drizzle-orm';
import { DB, type Db, firstRow, hasRows, idList, isOneOf, writtenRow } from '../../infra/database/database.js';
import { tasks } from '../../infra/database/schema/schema.js';
import { type FollowUpFailure, followUps } from '../../infra/database/schema/task-records.schema.js';
import { Statement } from '../../infra/database/statement.js';
import { mine } from '../tasks.repository.js';

export type FollowUpRow = typeof followUps.$inferSelect;
export type NewFollowUp = Pick<FollowUpRow, 'userId' | 'taskId' | 'prompt' | 'modelId' | 'inputs' | 'files'>;

/** Queued prompts that wait in one task; more are refused. */
export const MAX_FOLLOW_UPS = 20;
const SWEEP_LIMIT = 100;

/** Tasks whose last turn has completed, and whose next prompt was not refused: of those named by `some`. */
function readyStatement<Values extends Record<string, unknown>>(some: SQL, limit: SQL) {
  return new Statement<{ taskId: number }, Values>(
    sql`select t.id as "taskId"
      from (select distinct on (task_id) task_id, failure from follow_ups where begun_at is null and ${some}
        order by task_id, id) next
      join tasks t on t.id = next.task_id
      where t.status = 'COMPLETED' and t.active_turn is null and next.failure is null ${limit}`,
  );
}

const READY = readyStatement<{ ids: string }>(isOneOf(sql`task_id`, sql.placeholder('ids')), sql``);
const ALL_READY = readyStatement<Record<string, never>>(sql`true`, sql`limit ${sql.raw(String(SWEEP_LIMIT))}`);

/** Queued prompts in the database. */
@Injectable()
export class FollowUpsRepository {
  constructor(@Inject(DB) private readonly db: Db) {}

  /** @returns null when the task is not the user's, `full` when it has as many as it may have */
  async add(followUp: NewFollowUp): Promise<FollowUpRow | 'full' | null> {
    const { userId, taskId } = followUp;

    return this.db.transaction(async (tx) => {
      // One at a time, so that all count each other; and before or after a deletion of the task.
      const task = tx.select({ id: tasks.id }).from(tasks).where(mine(userId, taskId)).for('no key update');
      if (!(await hasRows(task))) return null;
      if ((await tx.$count(followUps, waitingOf(taskId))) >= MAX_FOLLOW_UPS) return 'full';

      return writtenRow(tx.insert(followUps).values(followUp).returning());
    });
  }

  /** Returns those of a task that wait, in the order in which they begin. */
  waiting(taskId: number): Promise<FollowUpRow[]> {
    return this.db.select().from(followUps).where(waitingOf(taskId)).orderBy(asc(followUps.id));
  }

  /** @returns null when none waits */
  next(taskId: number): Promise<FollowUpRow | null> {
    return firstRow(this.db.select().from(followUps).where(waitingOf(taskId)).orderBy(asc(followUps.id)).limit(1));
  }

  /** Removes one that waits. @returns null when it does not, or is none of the user's */
  remove(userId: number, taskId: number, id: number): Promise<FollowUpRow | null> {
    return firstRow(
      this.db
        .delete(followUps)
        .where(and(eq(followUps.id, id), eq(followUps.userId, userId), waitingOf(taskId)))
        .returning(),
    );
  }

  /** Whether it is the user's, whatever became of it. */
  exists(userId: number, taskId: number, id: number): Promise<boolean> {
    const { id: column } = followUps;
    const named = and(eq(column, id), eq(followUps.userId, userId), eq(followUps.taskId, taskId));

    return hasRows(this.db.select({ id: column }).from(followUps).where(named));
  }

  /** Records why one that waits was refused. @returns false when it does not wait any more */
  refuse(taskId: number, id: number, failure: FollowUpFailure): Promise<boolean> {
    return hasRows(
      this.db
        .update(followUps)
        .set({ failure })
        .where(and(eq(followUps.id, id), waitingOf(taskId)))
        .returning({ id: followUps.id }),
    );
  }

  /** Returns those of the tasks whose next prompt may begin by itself; without ids some of all tasks. */
  async ready(taskIds?: readonly number[]): Promise<number[]> {
    const rows = taskIds ? await READY.rows(this.db, { ids: idList(taskIds) }) : await ALL_READY.rows(this.db, {});

    return rows.map(({ taskId }) => taskId);
  }
}

const waitingOf = (taskId: number) => and(eq(followUps.taskId, taskId), isNull(followUps.begunAt));
