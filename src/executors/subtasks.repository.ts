import { Inject, Injectable } from '@nestjs/common';
import { and, asc, eq, gt, inArray, lt, ne, sql } from 'drizzle-orm';
import { DB, type Db, idList, isOneOf } from '../infra/database/database.js';
import { type SubtaskStatus, subtasks, tasks } from '../infra/database/schema/schema.js';
import type { LeaseSeconds } from '../tasks/status/task-updates.sql.js';
import { fromStates, SUBTASK_TRANSITIONS, UNFINISHED } from '../tasks/task-status.js';

/** A subtask with what is needed to handle its executor. */
export type ExecutorSubtask = Awaited<ReturnType<ReturnType<typeof prepareLookup>['execute']>>[number];

const now = sql`now()`;

/** Subtasks while executors have them: leases, and what is known when a report arrives. */
@Injectable()
export class SubtasksRepository {
  private readonly lookup: ReturnType<typeof prepareLookup>;

  constructor(@Inject(DB) private readonly db: Db) {
    this.lookup = prepareLookup(db);
  }

  /** Returns an answer that executors may report on: not one that a direct chat gives. */
  async find(subtaskId: number): Promise<ExecutorSubtask | null> {
    return (await this.findAll([subtaskId])).get(subtaskId) ?? null;
  }

  /** The same for many, by their ids. */
  async findAll(subtaskIds: readonly number[]): Promise<ReadonlyMap<number, ExecutorSubtask>> {
    const rows = await this.lookup.execute({ ids: idList(subtaskIds) });

    return new Map(rows.map((row) => [row.id, row]));
  }

  /** Renews the leases of unfinished subtasks: short ones if their executors send heartbeats. */
  async extendLeases(subtaskIds: readonly number[], { leaseSeconds, silentLeaseSeconds }: LeaseSeconds): Promise<void> {
    const seconds = sql`case when ${subtasks.executorBeats} then ${leaseSeconds}::int else ${silentLeaseSeconds}::int end`;
    await this.db
      .update(subtasks)
      .set({ leaseExpiresAt: sql`now() + make_interval(secs => ${seconds})` })
      .where(and(inArray(subtasks.id, [...subtaskIds]), inArray(subtasks.status, [...UNFINISHED])));
  }

  /** Records a heartbeat: from now on the short lease counts. @returns its end; null when the subtask does not run */
  async beat(subtaskId: number, leaseSeconds: number): Promise<Date | null> {
    const [row] = await this.db
      .update(subtasks)
      .set({ executorBeats: true, leaseExpiresAt: sql`now() + make_interval(secs => ${leaseSeconds})` })
      .where(and(eq(subtasks.id, subtaskId), eq(subtasks.status, 'RUNNING')))
      .returning({ expiresAt: subtasks.leaseExpiresAt });

    return row?.expiresAt ?? null;
  }

  /** Returns subtasks whose executors have reported, send no heartbeats, and have been silent for so long. */
  async silent(seconds: number, limit: number): Promise<ExecutorSubtask[]> {
    const rows = await this.db
      .select({ id: subtasks.id })
      .from(subtasks)
      .where(
        and(
          eq(subtasks.status, 'RUNNING'),
          gt(subtasks.leaseExpiresAt, now),
          eq(subtasks.executorBeats, false),
          ne(subtasks.executorName, ''),
          sql`(${subtasks.reportOrder} is not null or ${subtasks.reportSeq} is not null)`,
          lt(subtasks.updatedAt, sql`now() - make_interval(secs => ${seconds})`),
        ),
      )
      .orderBy(asc(subtasks.updatedAt))
      .limit(limit);

    return [...(await this.findAll(rows.map(({ id }) => id))).values()];
  }

  /** Ends the lease of a subtask unless its executor has been heard of since. @returns whether that was done */
  async expireLease({ id, offers, updatedAt }: Pick<ExecutorSubtask, 'id' | 'offers' | 'updatedAt'>): Promise<boolean> {
    const isSame = and(eq(subtasks.offers, offers), eq(subtasks.executorBeats, false));
    // Dates have milliseconds, the column microseconds.
    const isUnheard = sql`date_trunc('milliseconds', ${subtasks.updatedAt}) = ${updatedAt.toISOString()}::timestamptz`;
    const rows = await this.db
      .update(subtasks)
      .set({ leaseExpiresAt: sql`now() - interval '1 second'` })
      .where(and(eq(subtasks.id, id), eq(subtasks.status, 'RUNNING'), isSame, isUnheard))
      .returning({ id: subtasks.id });

    return rows.length > 0;
  }

  /** Ends the lease of a claim, whose executor is known to be lost. */
  async endLease({ id, offers }: Pick<ExecutorSubtask, 'id' | 'offers'>): Promise<void> {
    await this.db
      .update(subtasks)
      .set({ leaseExpiresAt: sql`now() - interval '1 second'` })
      .where(and(eq(subtasks.id, id), eq(subtasks.status, 'RUNNING'), eq(subtasks.offers, offers)));
  }

  /** Returns the end of the newest turn that no executor has reported; null when there is none. */
  async presumedEnd(taskId: number): Promise<SubtaskStatus | null> {
    const isNewest = sql`${subtasks.messageId} > (select max(q.message_id) from subtasks q where q.task_id = ${taskId} and q.role = 'USER')`;
    const [row] = await this.db
      .select({ status: subtasks.status })
      .from(subtasks)
      .where(and(eq(subtasks.taskId, taskId), eq(subtasks.isPresumed, true), gt(subtasks.offers, 0), isNewest))
      .limit(1);

    return row?.status ?? null;
  }

  /** Returns leases that have run out, longest ago first, and removes those of ended subtasks. */
  async expired(limit: number): Promise<{ id: number }[]> {
    const isExpired = lt(subtasks.leaseExpiresAt, now);
    await this.db
      .update(subtasks)
      .set({ leaseExpiresAt: null })
      .where(and(isExpired, ne(subtasks.status, 'RUNNING')));

    return this.db
      .select({ id: subtasks.id })
      .from(subtasks)
      .where(and(isExpired, eq(subtasks.status, 'RUNNING')))
      .orderBy(asc(subtasks.leaseExpiresAt))
      .limit(limit);
  }

  /**
   * Puts a subtask whose executor was lost back into its dispatch queue, at its old position.
   * @param keepsExecutor whether it is dispatched with the name of that executor again, which may live
   * @returns whether that was done: not when its lease is good again, its task is being cancelled, or it was claimed
   *   `maxClaims` times already
   */
  async requeue(subtaskId: number, maxClaims: number, keepsExecutor: boolean): Promise<boolean> {
    const executor = keepsExecutor ? {} : { executorName: '', executorNamespace: '' };
    const isWanted = this.db
      .select({ one: sql`1` })
      .from(tasks)
      .where(and(eq(tasks.id, subtasks.taskId), inArray(tasks.status, [...UNFINISHED])));
    const rows = await this.db
      .update(subtasks)
      .set({ status: 'PENDING', leaseExpiresAt: null, ...executor, updatedAt: now })
      .where(
        and(
          eq(subtasks.id, subtaskId),
          inArray(subtasks.status, fromStates(SUBTASK_TRANSITIONS, 'PENDING')),
          lt(subtasks.leaseExpiresAt, now),
          lt(subtasks.offers, maxClaims),
          sql`${subtasks.lane} is not null and ${subtasks.fairRank} is not null and exists ${isWanted}`,
        ),
      )
      .returning({ id: subtasks.id });

    return rows.length > 0;
  }
}

/** Prepared once, because it runs with every report. */
function prepareLookup(db: Db) {
  return db
    .select({
      ...{ id: subtasks.id, taskId: subtasks.taskId, userId: subtasks.userId, status: subtasks.status },
      ...{ progress: subtasks.progress, offers: subtasks.offers, reportSeq: subtasks.reportSeq },
      ...{ executorName: subtasks.executorName, leaseExpiresAt: subtasks.leaseExpiresAt },
      ...{ executorBeats: subtasks.executorBeats, isPresumed: subtasks.isPresumed, updatedAt: subtasks.updatedAt },
      taskStatus: tasks.status,
      autoDelete: tasks.autoDeleteExecutor,
    })
    .from(subtasks)
    .innerJoin(tasks, eq(tasks.id, subtasks.taskId))
    .where(
      and(
        isOneOf(subtasks.id, sql.placeholder('ids')),
        eq(subtasks.role, 'ASSISTANT'),
        sql`(${subtasks.lane} is not null or ${subtasks.runRequestedAt} is null)`,
      ),
    )
    .prepare('executor_subtasks');
}
