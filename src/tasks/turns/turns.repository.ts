import { Inject, Injectable } from '@nestjs/common';
import { and, asc, eq, inArray, lt, sql } from 'drizzle-orm';
import { DB, type Db, rowsOf } from '../../infra/database/database.js';
import { subtasks } from '../../infra/database/schema/schema.js';
import { taskReservations } from '../../infra/database/schema/task-records.schema.js';
import { Statement } from '../../infra/database/statement.js';
import { markBegun } from '../follow-ups/mark-begun.sql.js';
import type { SubtaskRow } from './answer-turn.js';
import type { ExpireHours, NewTask, NewTurn, RunRequest, StoredTurn, UnrequestedAnswer } from './new-turn.js';
import { appendTurnStatement, createTaskStatement, roomFor, runsOf, turnValues } from './store-turn.sql.js';
import { UNFINISHED } from '../task-status.js';

/** The answer right after the question that a subtask answers. */
const FIRST_OF_TURN = sql<number>`(select f.id from subtasks f where f.task_id = subtasks.task_id and f.message_id = 1 +
  (select max(q.message_id) from subtasks q
    where q.task_id = subtasks.task_id and q.role = 'USER' and q.message_id < subtasks.message_id))`;

type Question = Pick<SubtaskRow, 'prompt' | 'title' | 'messageId' | 'parentId'>;

/** Each run reads its question. */
const QUESTION = new Statement<Question, { taskId: number; messageId: number }>(
  sql`select prompt, title, message_id as "messageId", parent_id as "parentId" from subtasks
    where task_id = ${sql.placeholder('taskId')} and role = 'USER' and message_id < ${sql.placeholder('messageId')}
    order by message_id desc limit 1`,
  'question',
);

const NEVER: ExpireHours = { chat: 0, code: 0 };

/** Rolls back the turn of a queued prompt that another process has begun, or its user has deleted. */
class BegunBefore extends Error {}

/** Turns in the database: one statement each, because the first token waits for it. */
@Injectable()
export class TurnsRepository {
  constructor(@Inject(DB) private readonly db: Db) {}

  /**
   * Stores a task with its first turn, under a reserved id when one is given.
   * @returns null when the user has no such reservation, or has too many runs
   */
  createTask(task: NewTask, turn: NewTurn, reservedId: number | null): Promise<StoredTurn | null> {
    return this.store(createTaskStatement(turn, reservedId), turnValues(turn, reservedId, task));
  }

  /**
   * Opens an ended task again with a new turn.
   * @returns null when the task is not the user's, has not ended, accepts no more turns, or the user has too many runs;
   *   also when the queued prompt that it begins does not wait any more
   */
  async appendTurn(taskId: number, turn: NewTurn, expireHours = NEVER): Promise<StoredTurn | null> {
    const statement = appendTurnStatement(turn, expireHours);
    const values = turnValues(turn, taskId);
    const { followUpId } = turn;
    if (followUpId === undefined) return this.store(statement, values);
    try {
      return await this.db.transaction(async (tx) => {
        const stored = await this.store(statement, values, tx);
        // After the task, which a deletion locks first, too.
        if (stored && !(await markBegun(tx, taskId, followUpId))) throw new BegunBefore();

        return stored;
      });
    } catch (error) {
      if (error instanceof BegunBefore) return null;
      throw error;
    }
  }

  private async store(
    statement: ReturnType<typeof appendTurnStatement>,
    values: Record<string, unknown>,
    session = this.db,
  ): Promise<StoredTurn | null> {
    const rows = (await statement.rows(session, values)).sort((a, b) => a.message_id - b.message_id);
    const [, first] = rows;
    if (!first) return null;

    return {
      taskId: first.task_id,
      subtaskId: first.subtask_id,
      messageId: first.message_id,
      subtaskIds: rows.map((row) => row.subtask_id),
    };
  }

  /** Returns the turn that a request with this key made within the last day; null when there is none. */
  async findByIdempotencyKey(userId: number, key: string) {
    const [row] = await this.db
      .select({
        taskId: subtasks.taskId,
        subtaskId: subtasks.id,
        hash: subtasks.idempotencyHash,
        expired: sql<boolean>`${subtasks.createdAt} < now() - interval '24 hours'`,
      })
      .from(subtasks)
      .where(and(eq(subtasks.userId, userId), eq(subtasks.idempotencyKey, key)));
    if (!row?.expired) return row ?? null;
    await this.db.update(subtasks).set({ idempotencyKey: null }).where(eq(subtasks.id, row.subtaskId));

    return null;
  }

  /** Marks a waiting answer as asked for. @returns whether this call was the first to ask and the user has room for it */
  async requestRun(userId: number, subtaskId: number, run: RunRequest): Promise<boolean> {
    const rows = await this.db
      .update(subtasks)
      .set({
        runRequestedAt: sql`now()`,
        runPrompt: run.prompt,
        runModel: run.modelId,
        runInputs: run.inputs ?? null,
        runFiles: run.files ?? null,
      })
      .where(
        and(
          eq(subtasks.id, subtaskId),
          eq(subtasks.status, 'PENDING'),
          sql`${subtasks.runRequestedAt} is null`,
          roomFor(userId, run.limit),
        ),
      )
      .returning({ id: subtasks.id });

    return rows.length > 0;
  }

  /** Returns the bytes of a user's prompts and results as they are stored, without those of deleted tasks. */
  async storedBytes(userId: number): Promise<number> {
    const [row] = await rowsOf<{ bytes: string }>(
      this.db,
      // Reads no long text: its size is in the row.
      sql`select coalesce(sum(pg_column_size(s.prompt) + coalesce(pg_column_size(s.result), 0)), 0)::text as bytes
        from tasks t join subtasks s on s.task_id = t.id where t.user_id = ${userId} and t.status <> 'DELETE'`,
    );

    return Number(row?.bytes ?? 0);
  }

  /** Counts the direct chats of a user that wait or run. */
  async countRuns(userId: number): Promise<number> {
    const [row] = await rowsOf<{ count: number }>(this.db, runsOf(userId));

    return row?.count ?? 0;
  }

  /**
   * Returns direct chats that were asked for before `ageSeconds` and have not ended, oldest first.
   * @returns with each the first answer of its turn, which its run is named by
   */
  async staleRuns(ageSeconds: number, limit: number): Promise<{ id: number; firstId: number }[]> {
    return this.db
      .select({ id: subtasks.id, firstId: FIRST_OF_TURN })
      .from(subtasks)
      .where(
        and(
          inArray(subtasks.status, [...UNFINISHED]),
          lt(subtasks.runRequestedAt, sql`now() - make_interval(secs => ${ageSeconds})`),
        ),
      )
      .orderBy(asc(subtasks.runRequestedAt))
      .limit(limit);
  }

  /** Returns the question of an answer; null when it is gone. */
  async questionOf(taskId: number, messageId: number): Promise<Question | null> {
    const [row] = await QUESTION.rows(this.db, { taskId, messageId });

    return row ?? null;
  }

  /**
   * Returns first answers of newest turns that no executor gives and that were not requested, of an age between `ageMs`
   * and a day: the oldest one of each user first.
   */
  async unrequested(ageMs: number, limit: number): Promise<UnrequestedAnswer[]> {
    return rowsOf<UnrequestedAnswer>(
      this.db,
      sql`select user_id as "userId", task_id as "taskId", id as "subtaskId" from (
        select s.user_id, s.task_id, s.id, row_number() over (partition by s.user_id order by s.id) as place
        from subtasks s join tasks t on t.id = s.task_id and t.status = 'PENDING'
          join users u on u.id = s.user_id and u.is_active
        where s.status = 'PENDING' and s.run_requested_at is null and s.lane is null and s.role = 'ASSISTANT'
          and s.created_at < now() - make_interval(secs => ${ageMs / 1000}) and s.created_at > now() - interval '1 day'
          and exists (select 1 from subtasks q
            where q.task_id = s.task_id and q.message_id = s.message_id - 1 and q.role = 'USER')) waiting
      order by place, id limit ${limit}`,
    );
  }

  /** Reserves an id for a task that only this user may create. */
  async reserve(userId: number): Promise<number> {
    const [row] = await this.db
      .insert(taskReservations)
      .values({ userId, taskId: sql`nextval('task_id_seq')` })
      .returning({ taskId: taskReservations.taskId });
    if (!row) throw new Error('the sequence brought no id');

    return row.taskId;
  }
}
