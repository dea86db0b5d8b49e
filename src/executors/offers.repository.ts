import { Inject, Injectable } from '@nestjs/common';
import { and, asc, eq, inArray, type SQL, sql } from 'drizzle-orm';
import { DB, type Db, rowsOf } from '../infra/database/database.js';
import { subtasks, tasks } from '../infra/database/schema.js';
import { fromStates, TASK_TRANSITIONS } from '../tasks/task-status.js';

/** Which subtasks a dispatch asks for. */
export type Wanted = { lane: 'online' | 'offline'; limit: number } | { taskIds: readonly number[] };

type Candidate = Awaited<ReturnType<OffersRepository['lock']>>[number];

/** A subtask on offer, held by the transaction that found it. */
export interface Offer extends Candidate {
  turn: TurnContext;
}

/** What the turn says about one of its answers. */
export interface TurnContext {
  /** The user's question. */
  prompt: string;
  /** Place among the answers of the turn, from 0. */
  position: number;
  /** Text of the newest answer before it in the turn that was completed. */
  previous: string | null;
  /** The next row of the task. */
  nextId: number | null;
}

/** What a claim has made of a subtask. */
export interface Claim {
  id: number;
  offers: number;
  at: Date;
}

interface ContextRow {
  id: number;
  prompt: string | null;
  position: number;
  previous: string | null;
  next_id: number | null;
}

const SUBTASK_COLUMNS = {
  ...{ id: subtasks.id, taskId: subtasks.taskId, userId: subtasks.userId, teamId: subtasks.teamId },
  ...{ lane: subtasks.lane, botIds: subtasks.botIds, title: subtasks.title, progress: subtasks.progress },
  ...{ executorName: subtasks.executorName, executorNamespace: subtasks.executorNamespace },
  createdAt: subtasks.createdAt,
};
const TASK_COLUMNS = {
  ...{ title: tasks.title, prompt: tasks.prompt, type: tasks.type, modelId: tasks.modelId },
  ...{ gitUrl: tasks.gitUrl, gitRepo: tasks.gitRepo, gitRepoId: tasks.gitRepoId, gitDomain: tasks.gitDomain },
  ...{ branchName: tasks.branchName, forceOverrideBotModel: tasks.forceOverrideBotModel },
};
/** Written out, because the index of offers knows no parameters. */
const ON_OFFER = sql`${subtasks.status} = 'PENDING' and ${subtasks.fairRank} is not null`;

/** Subtasks that executors may take. */
@Injectable()
export class OffersRepository {
  constructor(@Inject(DB) private readonly db: Db) {}

  /** Runs `work` in one transaction: what it has locked is its own until then. */
  transaction<T>(work: (tx: Db) => Promise<T>): Promise<T> {
    return this.db.transaction(work);
  }

  /**
   * Locks the next subtasks on offer, passing over those that others hold. Their tasks are locked, too, so that none
   * is cancelled or deleted between this and the claim.
   */
  async find(tx: Db, wanted: Wanted): Promise<Offer[]> {
    const locked = await this.lock(tx, wanted);
    if (locked.length === 0) return [];
    const contexts = await this.contexts(
      tx,
      locked.map(({ subtask }) => subtask.id),
    );

    return locked.map((row) => ({ ...row, turn: contexts.get(row.subtask.id) ?? noContext(row.task.prompt) }));
  }

  /** Makes them RUNNING, each with a lease, and forgets what an earlier executor has numbered. */
  async claim(tx: Db, ids: readonly number[], leaseSeconds: number): Promise<Claim[]> {
    const these = list(ids);
    const rows = await rowsOf<{ id: number; offers: number; at: Date | string }>(
      tx,
      sql`with claimed as (
        update subtasks set status = 'RUNNING', lease_expires_at = now() + make_interval(secs => ${leaseSeconds}),
          offers = offers + 1, report_seq = null, report_order = null, updated_at = now()
        where id in (${these}) and status = 'PENDING'
        returning id, task_id, offers, updated_at as at),
      forgotten as (delete from executor_events where subtask_id in (${these})),
      begun as (
        update tasks set status = 'RUNNING', updated_at = now() from claimed
        where tasks.id = claimed.task_id and tasks.status in (${list(fromStates(TASK_TRANSITIONS, 'RUNNING'))}))
      select id, offers, at from claimed`,
    );

    return rows.map(({ id, offers, at }) => ({ id, offers, at: new Date(at) }));
  }

  /** Without conditions on the order: the index has it. */
  private async lock(tx: Db, wanted: Wanted) {
    const query = tx
      .select({ subtask: SUBTASK_COLUMNS, task: TASK_COLUMNS })
      .from(subtasks)
      .innerJoin(tasks, eq(tasks.id, subtasks.taskId))
      .where(and(ON_OFFER, sql`${tasks.status} in ('PENDING', 'RUNNING')`, conditionOf(wanted)))
      .orderBy(asc(subtasks.fairRank), asc(subtasks.id));

    return 'lane' in wanted
      ? query.limit(wanted.limit).for('no key update', { skipLocked: true })
      : query.for('no key update', { skipLocked: true });
  }

  private async contexts(tx: Db, ids: readonly number[]): Promise<Map<number, TurnContext>> {
    const rows = await rowsOf<ContextRow>(
      tx,
      sql`select me.id, question.prompt, turn.position, turn.previous,
        (select id from subtasks where task_id = me.task_id and message_id > me.message_id
          order by message_id limit 1) as next_id
      from subtasks me
      left join lateral (
        select message_id, prompt from subtasks where task_id = me.task_id and role = 'USER' and message_id < me.message_id
        order by message_id desc limit 1) question on true
      cross join lateral (
        select count(*)::int as position,
          (array_agg(result ->> 'value' order by message_id desc) filter (where status = 'COMPLETED'))[1] as previous
        from subtasks where task_id = me.task_id and role = 'ASSISTANT'
          and message_id > coalesce(question.message_id, 0) and message_id < me.message_id) turn
      where me.id in (${list(ids)})`,
    );

    return new Map(
      rows.flatMap(({ id, prompt, position, previous, next_id: nextId }) =>
        prompt === null ? [] : [[id, { prompt, position, previous, nextId }] as const],
      ),
    );
  }
}

/** Of each named task the one subtask whose turn it is, unless another one of it runs. */
function conditionOf(wanted: Wanted): SQL | undefined {
  if ('lane' in wanted) return eq(subtasks.lane, wanted.lane);

  return and(
    inArray(subtasks.taskId, [...wanted.taskIds]),
    sql`${subtasks.lane} is not null`,
    sql`not exists (select 1 from subtasks other where other.task_id = ${subtasks.taskId} and other.role = 'ASSISTANT'
      and (other.status = 'RUNNING' or (other.status = 'PENDING' and other.fair_rank is not null
        and other.message_id < ${subtasks.messageId})))`,
  );
}

const noContext = (prompt: string): TurnContext => ({ prompt, position: 0, previous: null, nextId: null });
const list = (values: readonly (number | string)[]) =>
  sql.join(
    values.map((value) => sql`${value}`),
    sql`, `,
  );
