import { Inject, Injectable } from '@nestjs/common';
import { and, asc, eq, inArray, lt, ne, sql } from 'drizzle-orm';
import { DB, type Db, idList, isOneOf } from '../infra/database/database.js';
import { type SubtaskStatus, subtasks, tasks } from '../infra/database/schema/schema.js';
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

  /** Gives subtasks in one of these states a lease from now on. @returns the end of each lease */
  async extendLeases(subtaskIds: readonly number[], seconds: number, states: readonly SubtaskStatus[]) {
    return this.db
      .update(subtasks)
      .set({ leaseExpiresAt: sql`now() + make_interval(secs => ${seconds})` })
      .where(and(inArray(subtasks.id, [...subtaskIds]), inArray(subtasks.status, [...states])))
      .returning({ expiresAt: subtasks.leaseExpiresAt });
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
   * Puts a subtask whose executor was lost back into its dispatch queue, at its old position and for a new executor.
   * @returns whether that was done: not when its lease is good again, its task is being cancelled, or it was claimed
   *   `maxClaims` times already
   */
  async requeue(subtaskId: number, maxClaims: number): Promise<boolean> {
    const isWanted = this.db
      .select({ one: sql`1` })
      .from(tasks)
      .where(and(eq(tasks.id, subtasks.taskId), inArray(tasks.status, [...UNFINISHED])));
    const rows = await this.db
      .update(subtasks)
      .set({ status: 'PENDING', leaseExpiresAt: null, executorName: '', executorNamespace: '', updatedAt: now })
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
}

/** Prepared once, because it runs with every report. */
function prepareLookup(db: Db) {
  return db
    .select({
      ...{ id: subtasks.id, taskId: subtasks.taskId, userId: subtasks.userId, status: subtasks.status },
      ...{ progress: subtasks.progress, offers: subtasks.offers, reportSeq: subtasks.reportSeq },
      ...{ executorName: subtasks.executorName, leaseExpiresAt: subtasks.leaseExpiresAt },
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
