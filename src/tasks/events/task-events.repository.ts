import { Inject, Injectable } from '@nestjs/common';
import { and, eq, getTableColumns, gt, gte, inArray, ne, sql } from 'drizzle-orm';
import { DB, type Db, idList, isOneOf, rowsOf } from '../../infra/database/database.js';
import { subtasks, tasks, users } from '../../infra/database/schema/schema.js';
import { FOLLOW_UP_COUNT } from '../follow-ups/follow-up-count.sql.js';
import { TERMINAL } from '../task-status.js';
import { toSubtaskDto } from '../subtasks.dto.js';
import { toTaskDto } from '../tasks.dto.js';
import { omission, sizedResult } from '../turns/sized-result.sql.js';
import { readTurnTree } from '../turns/turn-tree.sql.js';
import { type EndedTask, type EventScope, MAX_EVENT_BYTES, type RowRef, type TaskEvent } from './task-event.js';

/** Newest subtasks of the path of a task that its snapshot has. */
const SNAPSHOT_SUBTASKS = 100;
/** Newest tasks of a user that a snapshot has, besides all that have not ended. */
const SNAPSHOT_TASKS = 50;
/** How far back a repeated snapshot looks for tasks that were deleted meanwhile. */
const RECENT_TASKS = 500;

/** Reads the rows that live streams send, as they are now. */
@Injectable()
export class TaskEventsRepository {
  private readonly statements: ReturnType<typeof prepareStatements>;

  constructor(@Inject(DB) private readonly db: Db) {
    this.statements = prepareStatements(db);
  }

  /** Whether the task is the user's and not deleted. */
  async exists(userId: number, taskId: number): Promise<boolean> {
    const rows = await this.db
      .select({ id: tasks.id })
      .from(tasks)
      .where(and(eq(tasks.id, taskId), eq(tasks.userId, userId), ne(tasks.status, 'DELETE')));

    return rows.length > 0;
  }

  /**
   * Returns the rows of a snapshot: a task with its newest subtasks, or a user's newest tasks and all that have not ended,
   * oldest first.
   * @param again the client has an earlier snapshot: it must also receive tasks that were deleted since
   */
  async snapshot({ userId, taskId }: EventScope, again: boolean): Promise<RowRef[]> {
    if (taskId !== null) return [{ kind: 'task', id: taskId }, ...(await this.newestSubtasks(taskId))];
    const mine = sql`from tasks where user_id = ${userId}`;
    const newest = sql`order by id desc limit`;
    const deleted = sql`union
      select id from (select id, status ${mine} ${newest} ${RECENT_TASKS}) recent where status = 'DELETE'`;
    const rows = await rowsOf<{ id: number }>(
      this.db,
      sql`select id ${mine} and status in ('PENDING', 'RUNNING', 'CANCELLING')
        union (select id ${mine} and status <> 'DELETE' ${newest} ${SNAPSHOT_TASKS})
        ${again ? deleted : sql``} order by id`,
    );

    return rows.map(({ id }) => ({ kind: 'task', id }));
  }

  /** Returns the events of these rows, in their order; rows that are gone are left out. */
  async events(userId: number, refs: readonly RowRef[]): Promise<TaskEvent[]> {
    const [taskEvents, subtaskEvents] = await Promise.all([
      this.taskEvents(userId, idsOf(refs, 'task')),
      this.subtaskEvents(userId, idsOf(refs, 'subtask')),
    ]);

    return refs.flatMap(({ kind, id }) => (kind === 'task' ? taskEvents : subtaskEvents).get(id) ?? []);
  }

  /**
   * Returns those of the tasks that have ended within a day: a change of an older one is not its end. Nor is a branch, whose
   * answers are older than itself.
   */
  async ended(taskIds: readonly number[]): Promise<EndedTask[]> {
    const { id, userId, teamId, title, status, progress, errorMessage, createdAt, completedAt } = tasks;
    const rows = await this.db
      .select({ id, userId, teamId, title, status, progress, errorMessage, createdAt, completedAt })
      .from(tasks)
      .where(
        and(
          inArray(tasks.id, [...taskIds]),
          inArray(tasks.status, [...TERMINAL]),
          gt(tasks.completedAt, sql`now() - interval '1 day'`),
          gte(tasks.completedAt, tasks.createdAt),
        ),
      );

    return rows.flatMap((row) =>
      row.completedAt ? { ...row, status: row.status as EndedTask['status'], completedAt: row.completedAt } : [],
    );
  }

  private async newestSubtasks(taskId: number): Promise<RowRef[]> {
    const { path } = await readTurnTree(this.db, taskId);
    const messages = path.flatMap((turn) => turn.messages).slice(-SNAPSHOT_SUBTASKS);

    return messages.map(({ id }) => ({ kind: 'subtask', id }));
  }

  private async taskEvents(userId: number, ids: number[]): Promise<Map<number, TaskEvent>> {
    if (ids.length === 0) return new Map();
    const rows = await this.statements.tasks.execute({ ids: idList(ids), userId });

    return new Map(
      rows.map(({ row, isOmitted, ...more }) => [
        row.id,
        { type: 'task', ...omission(isOmitted), task: toTaskDto({ ...row, ...more }) },
      ]),
    );
  }

  /** Without those that were deleted: their task's event says it. */
  private async subtaskEvents(userId: number, ids: number[]): Promise<Map<number, TaskEvent>> {
    if (ids.length === 0) return new Map();
    const rows = await this.statements.subtasks.execute({ ids: idList(ids), userId });

    return new Map(
      rows.map(({ row, result, isOmitted }) => [
        row.id,
        { type: 'subtask', ...omission(isOmitted), subtask: toSubtaskDto({ ...row, result }) },
      ]),
    );
  }
}

/** Queries that run for every change with a reader: prepared once. */
function prepareStatements(db: Db) {
  const { result, ...subtaskColumns } = getTableColumns(subtasks);
  const ids = sql.placeholder('ids');
  const userId = sql.placeholder('userId');

  return {
    tasks: db
      .select({
        row: getTableColumns(tasks),
        ...sizedResult(result, MAX_EVENT_BYTES),
        ...{ userName: users.userName, followUps: FOLLOW_UP_COUNT },
      })
      .from(tasks)
      .innerJoin(users, eq(users.id, tasks.userId))
      .leftJoin(subtasks, eq(subtasks.id, tasks.resultOf))
      .where(and(isOneOf(tasks.id, ids), eq(tasks.userId, userId)))
      .prepare('task_events'),
    subtasks: db
      .select({ row: subtaskColumns, ...sizedResult(result, MAX_EVENT_BYTES) })
      .from(subtasks)
      .where(and(isOneOf(subtasks.id, ids), eq(subtasks.userId, userId), ne(subtasks.status, 'DELETE')))
      .prepare('subtask_events'),
  };
}

const idsOf = (refs: readonly RowRef[], kind: RowRef['kind']): number[] =>
  refs.filter((ref) => ref.kind === kind).map(({ id }) => id);
