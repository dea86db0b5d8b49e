import { Inject, Injectable } from '@nestjs/common';
import { and, asc, desc, eq, inArray, lt, type SQL, sql } from 'drizzle-orm';
import { DB, type Db, rowsOf } from '../infra/database/database.js';
import { subtasks, taskReservations, tasks } from '../infra/database/schema.js';
import { TERMINAL, UNFINISHED } from './task-status.js';

export type TaskRow = typeof tasks.$inferSelect;
export type SubtaskRow = typeof subtasks.$inferSelect;

/** What a new task is made of, besides its first turn. */
export interface NewTask {
  title: string;
  type: 'online' | 'offline';
  taskType: 'chat' | 'code';
  source: string;
  gitUrl: string;
  gitRepo: string;
  gitRepoId: number;
  gitDomain: string;
  branchName: string;
  modelId: string | null;
  forceOverrideBotModel: boolean;
  autoDeleteExecutor: boolean;
}

/** A direct chat that is asked for. */
export interface RunRequest {
  /** What the request adds to the bot's prompt. */
  prompt: string | null;
  /** Name of the model that it wants in place of the bot's. */
  modelId: string | null;
  /** Refused when this many of the user's direct chats wait or run. */
  limit: number;
}

/** One turn: what the user says, and who answers. */
export interface NewTurn {
  userId: number;
  teamId: number;
  prompt: string;
  title: string;
  /** One answer per entry, in order: its bots. */
  steps: number[][];
  /** Set when a direct chat run follows at once. */
  run: RunRequest | null;
  idempotency: { key: string; hash: string } | null;
}

/** Ids of a stored turn; `subtaskId` is the first answer's. */
export interface StoredTurn {
  taskId: number;
  subtaskId: number;
  messageId: number;
}

interface TurnRow {
  task_id: number;
  subtask_id: number;
  message_id: number;
}

/** Turns in the database: one statement each, because the first token waits for it. */
@Injectable()
export class TurnsRepository {
  constructor(@Inject(DB) private readonly db: Db) {}

  /**
   * Stores a task with its first turn, under a reserved id when one is given.
   * @returns null when the user holds no such reservation, or has too many runs
   */
  async createTask(task: NewTask, turn: NewTurn, reservedId: number | null): Promise<StoredTurn | null> {
    const id =
      reservedId === null
        ? sql`i as (select nextval('task_id_seq')::int as task_id where ${roomFor(turn)})`
        : sql`i as (delete from task_reservations where task_id = ${reservedId} and user_id = ${turn.userId} and ${roomFor(turn)} returning task_id)`;
    const head = sql`${id}, t as (
      insert into tasks (id, user_id, team_id, title, prompt, type, task_type, source, git_url, git_repo, git_repo_id,
        git_domain, branch_name, model_id, force_override_bot_model, auto_delete_executor)
      select i.task_id, ${turn.userId}, ${turn.teamId}, ${task.title}, ${turn.prompt}, ${task.type}, ${task.taskType},
        ${task.source}, ${task.gitUrl}, ${task.gitRepo}, ${task.gitRepoId}, ${task.gitDomain}, ${task.branchName},
        ${task.modelId}, ${task.forceOverrideBotModel}, ${task.autoDeleteExecutor}
      from i
      returning id), n as (select 0 as last)`;

    return this.storeTurn(head, turn);
  }

  /** Opens an ended task again with a new turn. @returns null when it is not the user's, has not ended, or they have too many runs */
  async appendTurn(taskId: number, turn: NewTurn): Promise<StoredTurn | null> {
    const terminal = sql.join(
      TERMINAL.map((status) => sql`${status}`),
      sql`, `,
    );
    const head = sql`t as (
      update tasks set status = 'PENDING', progress = 0, result = null, error_message = null, completed_at = null,
        updated_at = now(), team_id = ${turn.teamId}, prompt = ${turn.prompt}
      where id = ${taskId} and user_id = ${turn.userId} and status in (${terminal}) and ${roomFor(turn)}
      returning id), n as (select coalesce(max(message_id), 0) as last from subtasks where task_id = ${taskId})`;

    return this.storeTurn(head, turn);
  }

  private async storeTurn(head: ReturnType<typeof sql>, turn: NewTurn): Promise<StoredTurn | null> {
    const requested = turn.run ? sql`now()` : sql`null::timestamptz`;
    const rows = await rowsOf<TurnRow>(
      this.db,
      sql`with ${head},
      question as (
        insert into subtasks (task_id, user_id, team_id, role, message_id, parent_id, title, prompt, status, progress, completed_at)
        select t.id, ${turn.userId}, ${turn.teamId}, 'USER', n.last + 1, n.last, ${turn.title}, ${turn.prompt}, 'COMPLETED', 100, now()
        from t, n),
      answers as (
        insert into subtasks (task_id, user_id, team_id, role, message_id, parent_id, title, bot_ids,
          run_requested_at, run_prompt, run_model, idempotency_key, idempotency_hash)
        select t.id, ${turn.userId}, ${turn.teamId}, 'ASSISTANT', (n.last + 1 + step.place)::int, (n.last + step.place)::int,
          ${turn.title}, step.bots,
          case when step.place = 1 then ${requested} end, ${turn.run?.prompt ?? null}, ${turn.run?.modelId ?? null},
          case when step.place = 1 then ${turn.idempotency?.key ?? null} end,
          case when step.place = 1 then ${turn.idempotency?.hash ?? null} end
        from t, n, jsonb_array_elements(${JSON.stringify(turn.steps)}::jsonb) with ordinality as step (bots, place)
        returning id, task_id, message_id)
      select task_id, id as subtask_id, message_id from answers order by message_id limit 1`,
    );
    const row = rows[0];

    return row ? { taskId: row.task_id, subtaskId: row.subtask_id, messageId: row.message_id } : null;
  }

  /** The turn that a request with this key made within the last day; null when there is none. */
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
      .set({ runRequestedAt: sql`now()`, runPrompt: run.prompt, runModel: run.modelId })
      .where(
        and(
          eq(subtasks.id, subtaskId),
          eq(subtasks.status, 'PENDING'),
          sql`${subtasks.runRequestedAt} is null`,
          roomFor({ userId, run }),
        ),
      )
      .returning({ id: subtasks.id });

    return rows.length > 0;
  }

  /** Direct chats of a user that wait or run. */
  async countRuns(userId: number): Promise<number> {
    const [row] = await rowsOf<{ count: number }>(this.db, runsOf(userId));

    return row?.count ?? 0;
  }

  /** Direct chats that were asked for before `ageSeconds` and have not ended, oldest first. */
  async staleRuns(ageSeconds: number, limit: number): Promise<{ id: number; status: string }[]> {
    return this.db
      .select({ id: subtasks.id, status: subtasks.status })
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

  /** A subtask with its task. */
  async find(subtaskId: number): Promise<{ subtask: SubtaskRow; task: TaskRow } | null> {
    const [row] = await this.db
      .select({ subtask: subtasks, task: tasks })
      .from(subtasks)
      .innerJoin(tasks, eq(tasks.id, subtasks.taskId))
      .where(eq(subtasks.id, subtaskId));

    return row ?? null;
  }

  /** The newest answer of a task, or the named one; null when the task is not the user's. */
  async newestAnswer(
    userId: number,
    taskId: number,
    subtaskId?: number,
  ): Promise<{ subtask: SubtaskRow; task: TaskRow } | null> {
    const [row] = await this.db
      .select({ subtask: subtasks, task: tasks })
      .from(subtasks)
      .innerJoin(tasks, eq(tasks.id, subtasks.taskId))
      .where(
        and(
          eq(tasks.id, taskId),
          eq(tasks.userId, userId),
          sql`${tasks.status} <> 'DELETE'`,
          eq(subtasks.role, 'ASSISTANT'),
          subtaskId === undefined ? undefined : eq(subtasks.id, subtaskId),
        ),
      )
      .orderBy(desc(subtasks.messageId))
      .limit(1);

    return row ?? null;
  }

  /** Everything said in a task before message `messageId`, oldest first. */
  async conversation(taskId: number, messageId: number) {
    return this.db
      .select({
        messageId: subtasks.messageId,
        role: subtasks.role,
        prompt: subtasks.prompt,
        result: subtasks.result,
      })
      .from(subtasks)
      .where(and(eq(subtasks.taskId, taskId), lt(subtasks.messageId, messageId)))
      .orderBy(asc(subtasks.messageId));
  }

  /** An id for a task that only this user may create. */
  async reserve(userId: number): Promise<number> {
    const [row] = await this.db
      .insert(taskReservations)
      .values({ userId, taskId: sql`nextval('task_id_seq')` })
      .returning({ taskId: taskReservations.taskId });
    if (!row) throw new Error('the sequence brought no id');

    return row.taskId;
  }
}

function runsOf(userId: number): SQL {
  return sql`select count(*)::int as count from subtasks
    where user_id = ${userId} and status in ('PENDING', 'RUNNING') and run_requested_at is not null`;
}

/** Part of the statement that stores a run, so that the limit needs no query of its own. */
function roomFor({ userId, run }: Pick<NewTurn, 'userId' | 'run'>): SQL {
  return run ? sql`(${runsOf(userId)}) < ${run.limit}` : sql`true`;
}
