import { type SQL, sql } from 'drizzle-orm';
import type { DifyFile } from '../common/dify.js';
import type { JsonObject } from '../common/json.js';
import { searchKey } from '../common/search-key.js';
import { TERMINAL } from './task-status.js';

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
  /** For Dify apps: what the turn gives them. */
  inputs?: JsonObject | null;
  files?: readonly DifyFile[] | null;
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
  /** Whether executors answer it: then its first step is offered to them at once. */
  onExecutors?: boolean;
  /** Whether it repeats a turn that failed or was cancelled. */
  isRetry?: boolean;
}

/** Hours since its last change after which a task takes no more turns, by its type; 0 = never. */
export type ExpireHours = Readonly<Record<NewTask['taskType'], number>>;

/** The statement that stores a new task with its first turn, under a reserved id when one is given. */
export function createTaskSql(task: NewTask, turn: NewTurn, reservedId: number | null): SQL {
  const id =
    reservedId === null
      ? sql`i as (select nextval('task_id_seq')::int as task_id where ${roomFor(turn)})`
      : sql`i as (delete from task_reservations where task_id = ${reservedId} and user_id = ${turn.userId} and ${roomFor(turn)} returning task_id)`;
  const head = sql`${id}, t as (
    insert into tasks (id, user_id, team_id, title, title_key, prompt, type, task_type, source, git_url, git_repo, git_repo_id,
      git_domain, branch_name, model_id, force_override_bot_model, auto_delete_executor)
    select i.task_id, ${turn.userId}, ${turn.teamId}, ${task.title}, ${searchKey(task.title)}, ${turn.prompt}, ${task.type},
      ${task.taskType}, ${task.source}, ${task.gitUrl}, ${task.gitRepo}, ${task.gitRepoId}, ${task.gitDomain},
      ${task.branchName}, ${task.modelId}, ${task.forceOverrideBotModel}, ${task.autoDeleteExecutor}
    from i
    returning id, type), n as (select 0 as last, 0 as question)`;

  return turnSql(head, turn, false);
}

/** The statement that opens an ended task again with a new turn. It stores nothing when the task takes none. */
export function appendTurnSql(taskId: number, turn: NewTurn, expireHours: ExpireHours): SQL {
  const head = sql`t as (
    update tasks set status = 'PENDING', progress = 0, result = null, error_message = null, completed_at = null,
      updated_at = now(), team_id = ${turn.teamId}, prompt = ${turn.prompt}
    where id = ${taskId} and user_id = ${turn.userId} and ${takesTurn(turn, expireHours)} and ${roomFor(turn)}
    returning id, type),
  n as (select coalesce(max(message_id), 0) as last, coalesce(max(message_id) filter (where role = 'USER'), 0) as question
    from subtasks where task_id = ${taskId})`;

  // A turn that failed may have done so because its container is gone or broken: try a new one.
  return turnSql(head, turn, turn.onExecutors === true && !turn.isRetry);
}

/** A retry is about a turn that the task has taken already, so only its end counts. */
function takesTurn(turn: NewTurn, expireHours: ExpireHours): SQL {
  if (turn.isRetry) return sql`status in ('FAILED', 'CANCELLED')`;
  const young = Object.entries(expireHours)
    .filter(([, hours]) => hours > 0)
    .map(
      ([type, hours]) =>
        sql`and not (task_type = ${type} and updated_at < now() - make_interval(secs => ${hours * 3600}))`,
    );

  return sql`status in ${[...TERMINAL]} and not auto_delete_executor ${sql.join(young, sql` `)}`;
}

/** @param keepsExecutors whether the answers go to the executors that gave those of the turn before */
function turnSql(head: SQL, turn: NewTurn, keepsExecutors: boolean): SQL {
  const { lane, rank } = turn.onExecutors ? offer(turn.userId) : { lane: sql`null`, rank: sql`null::bigint` };
  const kept = keepsExecutors ? KEPT_EXECUTOR : { name: sql`''`, namespace: sql`''`, join: sql`` };

  return sql`with ${head},
    question as (
      insert into subtasks (task_id, user_id, team_id, role, message_id, parent_id, title, prompt, status, progress, completed_at)
      select t.id, ${turn.userId}, ${turn.teamId}, 'USER', n.last + 1, n.last, ${turn.title}, ${turn.prompt}, 'COMPLETED', 100, now()
      from t, n
      returning id),
    answers as (
      insert into subtasks (task_id, user_id, team_id, role, message_id, parent_id, title, bot_ids, lane, fair_rank,
        executor_name, executor_namespace, run_prompt, run_model, run_inputs, run_files, run_requested_at, idempotency_key,
        idempotency_hash)
      select t.id, ${turn.userId}, ${turn.teamId}, 'ASSISTANT', (n.last + 1 + step.place)::int, (n.last + step.place)::int,
        ${turn.title}, step.bots, ${lane}, ${rank}, ${kept.name}, ${kept.namespace}, ${runColumns(turn)}
      from t cross join n
        cross join jsonb_array_elements(${JSON.stringify(turn.steps)}::jsonb) with ordinality as step (bots, place)
        ${kept.join}
      returning id, task_id, message_id)
    select a.task_id, a.id as subtask_id, a.message_id, (select id from question) as question_id
    from answers a order by a.message_id`;
}

/** The columns of a direct chat, which begins with the first step. */
function runColumns({ run, idempotency }: NewTurn): SQL {
  const requested = run ? sql`now()` : sql`null::timestamptz`;

  return sql`${run?.prompt ?? null}, ${run?.modelId ?? null}, ${jsonOrNull(run?.inputs)}, ${jsonOrNull(run?.files)},
    ${ofFirst(requested)},
    ${ofFirst(sql`${idempotency?.key ?? null}`)}, ${ofFirst(sql`${idempotency?.hash ?? null}`)}`;
}

/** A value of a JSON column. */
const jsonOrNull = (value: unknown) => sql`${value ? JSON.stringify(value) : null}::jsonb`;

const ofFirst = (value: SQL) => sql`case when step.place = 1 then ${value} end`;

/**
 * The executor manager sends the next answer to the container that gave the one before, which has its session. It has
 * no way out when that container is gone: the turn fails. So the name is kept from the same bots only, not from an
 * answer that failed, and an answer that is offered again loses it (see the dispatch of executors): it never fails twice.
 */
const KEPT_EXECUTOR = {
  name: sql`coalesce(old.executor_name, '')`,
  namespace: sql`coalesce(old.executor_namespace, '')`,
  join: sql`left join subtasks old on old.task_id = t.id and old.message_id = n.question + step.place
    and old.role = 'ASSISTANT' and old.status <> 'FAILED' and old.bot_ids = step.bots`,
};

/**
 * Executors may take the first step at once. Its place in the order of dispatch is by start-time fair queueing: behind
 * what the user has waiting, but never behind what others have piled up.
 */
function offer(userId: number): { lane: SQL; rank: SQL } {
  const offered = sql`o.lane = t.type and o.status = 'PENDING' and o.fair_rank is not null`;
  const rank = sql`greatest(
    coalesce((select min(o.fair_rank) from subtasks o where ${offered}), 0),
    coalesce((select max(o.fair_rank) + 1 from subtasks o where o.user_id = ${userId} and ${offered}), 0))`;

  return { lane: sql`t.type`, rank: ofFirst(rank) };
}

/** Counts the direct chats of a user that wait or run. */
export function runsOf(userId: number): SQL {
  return sql`select count(*)::int as count from subtasks
    where user_id = ${userId} and status in ('PENDING', 'RUNNING') and run_requested_at is not null`;
}

/** Part of the statement that stores a run, so that the limit needs no query of its own. */
export function roomFor({ userId, run }: Pick<NewTurn, 'userId' | 'run'>): SQL {
  return run ? sql`(${runsOf(userId)}) < ${run.limit}` : sql`true`;
}
