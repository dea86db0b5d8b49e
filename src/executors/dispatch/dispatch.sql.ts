import { type SQL, sql } from 'drizzle-orm';
import { Statement } from '../../infra/database/statement.js';
import type { SubtaskRow, TaskRow } from '../../tasks/turns/answer-turn.js';

/** What executors need of a subtask. */
export type SubtaskColumns = Pick<SubtaskRow, 'id' | 'taskId' | 'userId' | 'teamId' | 'lane' | 'botIds' | 'title'> &
  Pick<SubtaskRow, 'offers' | 'progress' | 'executorName' | 'executorNamespace' | 'createdAt' | 'updatedAt'>;

/** What executors need of its task, besides the texts. */
export type TaskColumns = Pick<TaskRow, 'type' | 'modelId' | 'gitUrl' | 'gitRepo' | 'gitRepoId' | 'gitDomain'> &
  Pick<TaskRow, 'branchName' | 'forceOverrideBotModel'>;

/** A subtask after its claim, with its task and what the turn says about it. */
export interface ClaimedRow extends SubtaskColumns, TaskColumns {
  /** Whether an executor may have reported on it before. */
  wasBegun: boolean;
  taskTitle: string;
  taskPrompt: string;
  /** Null when the turn has no question. */
  question: string | null;
  position: number;
  previous: string | null;
  nextId: number | null;
}

/** A lease in seconds, and which subtasks to claim. */
type Values = { lease: number } & ({ queue: string; others: string; limit?: number } | { ids: string });

/**
 * Of the queue, without tasks whose newest executor, and with it their workspace, is of one of the other managers; after two
 * claims it need not be the same manager any more, which may be in trouble.
 */
const IN_QUEUE = sql`s.lane = ${sql.placeholder('queue')}
  and (${sql.placeholder('others')}::text[] = '{}' or s.offers > 1 or not coalesce((
    select substring(e.executor_name from '-[0-9a-f]+$') = any(${sql.placeholder('others')}::text[]) from subtasks e
    where e.task_id = s.task_id and e.executor_name <> '' order by e.message_id desc limit 1), false))`;
/** Of each named task the one subtask that is next, unless another one of it runs. */
const OF_TASKS = sql`s.task_id = any(${sql.placeholder('ids')}::int[]) and s.lane is not null
  and not exists (select 1 from subtasks other where other.task_id = s.task_id and other.role = 'ASSISTANT'
    and (other.status = 'RUNNING' or (other.status = 'PENDING' and other.fair_rank is not null
      and other.message_id < s.message_id)))`;

/**
 * Whether the executor that a subtask has from the turn before was deleted meanwhile. Looked up by the claim and not when
 * the turn is stored, because a deletion may begin in between.
 */
const IS_DELETED = sql`s.executor_name <> '' and (select d.executor_deleted_at is not null from subtasks d
  where d.task_id = s.task_id and d.executor_name = s.executor_name and d.message_id < s.message_id
  order by d.message_id desc limit 1)`;

const TURN_COLUMNS = sql`question.prompt as question, turn.position, turn.previous,
  (select id from subtasks where task_id = me.task_id and message_id > me.message_id
    order by message_id limit 1) as "nextId"`;
/** The question before an answer, and the answers between the two. */
const TURN = sql`left join lateral (
    select message_id, prompt from subtasks where task_id = me.task_id and role = 'USER' and message_id < me.message_id
    order by message_id desc limit 1) question on true
  cross join lateral (
    select count(*)::int as position,
      (array_agg(result ->> 'value' order by message_id desc) filter (where status = 'COMPLETED'))[1] as previous
    from subtasks where task_id = me.task_id and role = 'ASSISTANT'
      and message_id > coalesce(question.message_id, 0) and message_id < me.message_id) turn`;

/**
 * Claims the next one, which is what managers ask for. The server plans it once, because planning costs more than
 * running. With its limit as a parameter a kept plan would be one for thousands of rows.
 */
export const CLAIM_NEXT = claim(IN_QUEUE, sql`limit 1`, 'executor_claim_next');
/** Claims the next ones of a dispatch queue. */
export const CLAIM_SOME = claim(IN_QUEUE, sql`limit ${sql.placeholder('limit')}`);
/** Claims those of some tasks. */
export const CLAIM_OF_TASKS = claim(OF_TASKS, sql``);

/**
 * Locks queued subtasks, passing over those that others have locked, makes them RUNNING with a lease, and reads what their
 * turns say, all in one round trip. Their tasks are locked, too, so that none is cancelled or deleted meanwhile. What a
 * subtask builds upon was stored before it was queued, so that one snapshot holds both.
 *
 * Conditions of the index of the queue are written out, because it knows no parameters; it also has the order.
 */
function claim(wanted: SQL, limit: SQL, name?: string): Statement<ClaimedRow, Values> {
  return new Statement(
    sql`with locked as materialized (
        select s.id, s.task_id, s.message_id, s.fair_rank, s.offers > 0 or s.report_order is not null as was_begun, t.title as task_title, t.prompt as task_prompt, t.type,
          coalesce(s.run_model, t.model_id) as model_id, t.git_url, t.git_repo, t.git_repo_id, t.git_domain, t.branch_name,
          s.run_model is not null or t.force_override_bot_model as force_override_bot_model
        from subtasks s join tasks t on t.id = s.task_id
        where s.status = 'PENDING' and s.fair_rank is not null and t.status in ('PENDING', 'RUNNING') and ${wanted}
        order by s.fair_rank, s.id ${limit} for no key update skip locked),
      claimed as (
        update subtasks s set status = 'RUNNING',
          lease_expires_at = now() + make_interval(secs => ${sql.placeholder('lease')}), offers = s.offers + 1,
          claimed_at = now(),
          report_seq = null, report_order = null, executor_beats = false, updated_at = now(),
          executor_name = case when ${IS_DELETED} then '' else s.executor_name end,
          executor_namespace = case when ${IS_DELETED} then '' else s.executor_namespace end,
          result = case when s.offers > 0 then null else s.result end
        from locked where s.id = locked.id and s.status = 'PENDING'
        returning locked.*, s.offers, s.user_id, s.team_id, s.lane, s.bot_ids, s.title, s.progress, s.executor_name,
          s.executor_namespace, s.created_at, s.updated_at),
      begun as (
        update tasks t set status = 'RUNNING', updated_at = now() from locked
        where t.id = locked.task_id and t.status in ('PENDING', 'RUNNING'))
      select me.id, me.task_id as "taskId", me.user_id as "userId", me.team_id as "teamId", me.lane,
        me.bot_ids as "botIds", me.offers, me.title, me.progress, me.executor_name as "executorName",
        me.executor_namespace as "executorNamespace", me.was_begun as "wasBegun", me.created_at as "createdAt",
        me.updated_at as "updatedAt", me.task_title as "taskTitle", me.task_prompt as "taskPrompt", me.type,
        me.model_id as "modelId", me.git_url as "gitUrl", me.git_repo as "gitRepo", me.git_repo_id as "gitRepoId",
        me.git_domain as "gitDomain", me.branch_name as "branchName",
        me.force_override_bot_model as "forceOverrideBotModel", ${TURN_COLUMNS}
      from claimed me ${TURN}
      order by me.fair_rank, me.id`,
    name,
  );
}
