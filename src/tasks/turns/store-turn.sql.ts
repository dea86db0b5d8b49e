import { type SQL, sql } from 'drizzle-orm';
import { searchKey } from '../../common/text/prompt.js';
import { idList, isOneOf } from '../../infra/database/database.js';
import { Statement } from '../../infra/database/statement.js';
import { rankIn } from './dispatch-rank.sql.js';
import type { ExpireHours, NewTask, NewTurn, RunRequest } from './new-turn.js';
import { TERMINAL } from '../task-status.js';

/** What a statement's text depends on. */
type Form = { isReserved: boolean } | { isRetry: boolean; expireHours: ExpireHours };
interface StepsForm {
  /** Whether a direct chat begins with the turn. */
  hasRun: boolean;
  /** Whether executors may claim the first answer at once. */
  isRanked: boolean;
  /** Whether executors give one of the answers. */
  hasExecutors: boolean;
}
type TurnForm = Form & StepsForm;

export interface TurnRow {
  task_id: number;
  subtask_id: number;
  message_id: number;
}

type TurnStatement = Statement<TurnRow, Record<string, unknown>>;

/** By form: there are few of them, and the first token waits for the statement. */
const statements = new Map<string, TurnStatement>();
const value = (name: string) => sql.placeholder(name);

/** Stores a new task with its first turn, under a reserved id when one is given. */
export function createTaskStatement(turn: NewTurn, reservedId: number | null): TurnStatement {
  return statementOf(turn, { isReserved: reservedId !== null });
}

/** Opens an ended task again with a new turn. It stores nothing when the task accepts none. */
export function appendTurnStatement(turn: NewTurn, expireHours: ExpireHours): TurnStatement {
  return statementOf(turn, { isRetry: turn.isRetry === true, expireHours });
}

function statementOf(turn: NewTurn, given: Form): TurnStatement {
  const { steps, run } = turn;
  const isRanked = steps[0]?.onExecutors === true;
  const hasExecutors = steps.some(({ onExecutors }) => onExecutors);
  const form = { ...given, hasRun: run !== null && !isRanked, isRanked, hasExecutors };
  const name = JSON.stringify(form);
  const known = statements.get(name) ?? new Statement(textOf(form), preparedName(form));
  statements.set(name, known);

  return known;
}

/** Name under which the server keeps the plan, because planning costs it more than running. One server has one set of hours, so they are no part of the name. */
function preparedName(form: TurnForm): string {
  const kind = 'isReserved' in form ? (form.isReserved ? 'reserved' : 'new') : form.isRetry ? 'retry' : 'more';

  return `store_turn_${kind}${form.hasRun ? '_run' : ''}${form.isRanked ? '_ranked' : ''}${form.hasExecutors ? '_executors' : ''}`;
}

function textOf(form: TurnForm): SQL {
  const room = form.hasRun ? roomFor(value('userId'), value('limit')) : sql`true`;
  if ('isReserved' in form) return turnSql(newTask(form.isReserved, room), form, false);

  // A turn that failed may have done so because its container is gone or broken: try a new one.
  return turnSql(
    endedTask(acceptsTurn(form.isRetry, form.expireHours), room),
    form,
    form.hasExecutors && !form.isRetry,
  );
}

/** What a statement is given. @param taskId of the ended task, or the reserved one */
export function turnValues(turn: NewTurn, taskId: number | null, task?: NewTask): Record<string, unknown> {
  const { userId, teamId, prompt, title, steps, run, modelId, idempotency, parentId } = turn;

  return {
    ...(task && { ...task, taskTitle: task.title, titleKey: searchKey(task.title) }),
    ...{ taskId, userId, teamId, prompt, title, parentId: parentId ?? null },
    messages: JSON.stringify([[], ...steps.map(({ bots }) => bots)]),
    executorPlaces: idList(steps.flatMap(({ onExecutors }, index) => (onExecutors ? index + FIRST_ANSWER : []))),
    ...runValues(run, modelId),
    idempotencyKey: idempotency?.key ?? null,
    idempotencyHash: idempotency?.hash ?? null,
  };
}

function runValues(run: RunRequest | null, modelOfExecutors: string | null = null) {
  const { prompt = null, modelId = modelOfExecutors, inputs, files, limit } = run ?? {};

  return { limit, runPrompt: prompt, runModel: modelId, runInputs: jsonOrNull(inputs), runFiles: jsonOrNull(files) };
}

/** Place of the first answer among the messages of a turn, after its question. */
const FIRST_ANSWER = 2;

const jsonOrNull = (json: unknown) => (json ? JSON.stringify(json) : null);

function newTask(isReserved: boolean, room: SQL): SQL {
  const id = isReserved
    ? sql`i as (delete from task_reservations where task_id = ${value('taskId')} and user_id = ${value('userId')} and ${room}
        returning task_id)`
    : sql`i as (select nextval('task_id_seq')::int as task_id where ${room})`;

  return sql`${id}, t as (
    insert into tasks (id, user_id, team_id, title, title_key, title_source, prompt, type, task_type, source, git_url, git_repo, git_repo_id,
      git_domain, branch_name, model_id, force_override_bot_model, auto_delete_executor)
    select i.task_id, ${value('userId')}, ${value('teamId')}, ${value('taskTitle')}, ${value('titleKey')}, ${value('titleSource')},
      ${value('prompt')},
      ${value('type')}, ${value('taskType')}, ${value('source')}, ${value('gitUrl')}, ${value('gitRepo')},
      ${value('gitRepoId')}, ${value('gitDomain')}, ${value('branchName')}, ${value('modelId')},
      ${value('forceOverrideBotModel')}, ${value('autoDeleteExecutor')}
    from i
    returning id, type), n as (select 0 as last, 0 as parent, 0 as question)`;
}

function endedTask(accepts: SQL, room: SQL): SQL {
  return sql`t as (
    update tasks set status = 'PENDING', progress = 0, result_of = null, error_message = null, completed_at = null,
      active_turn = null, updated_at = now(), team_id = ${value('teamId')}, prompt = ${value('prompt')}
    where id = ${value('taskId')} and user_id = ${value('userId')} and ${accepts} and ${room}
    returning id, type),
  n as (select ends.last, path.parent, coalesce((${ofTask(sql`max(message_id)`)}
      and role = 'USER' and message_id <= path.parent), 0) as question
    from (${ofTask(sql`coalesce(max(message_id), 0) as last`)}) ends
    cross join lateral (select coalesce(${value('parentId')}::int, (${END_OF_ACTIVE_TURN}), ends.last) as parent) path)`;
}

const ofTask = (columns: SQL): SQL => sql`select ${columns} from subtasks where task_id = ${value('taskId')}`;

/** Position of the last message of the path that is shown; null when that is the newest one. */
const END_OF_ACTIVE_TURN = sql`${ofTask(sql`min(message_id) - 1`)} and role = 'USER'
  and message_id > (select active_turn from tasks where id = ${value('taskId')})`;

/** A retry repeats a turn that the task has accepted before, so only its end counts. */
function acceptsTurn(isRetry: boolean, expireHours: ExpireHours): SQL {
  if (isRetry) return sql`status in ('FAILED', 'CANCELLED')`;
  const young = Object.entries(expireHours)
    .filter(([, hours]) => hours > 0)
    .map(
      ([type, hours]) =>
        sql`and not (task_type = ${type} and updated_at < now() - make_interval(secs => ${hours * 3600}))`,
    );

  return sql`status in ${[...TERMINAL]} and not auto_delete_executor ${sql.join(young, sql` `)}`;
}

/**
 * The question and its answers, which differ in few columns, in one insert: another one makes the first token wait longer.
 * @param keepsExecutors whether the answers go to the executors that gave those of the turn before
 */
function turnSql(head: SQL, { hasRun, isRanked, hasExecutors }: StepsForm, keepsExecutors: boolean): SQL {
  const lane = hasExecutors ? LANE : sql`null`;
  const rank = isRanked ? ofFirstAnswer(rankIn(sql`t.type`, sql`${value('userId')}`)) : sql`null::bigint`;
  const kept = keepsExecutors ? KEPT_EXECUTOR : { name: sql`''`, namespace: sql`''`, join: sql`` };

  return sql`with ${head}
    insert into subtasks (task_id, user_id, team_id, role, message_id, parent_id, title, prompt,
      status, progress, completed_at, bot_ids, lane, fair_rank, executor_name, executor_namespace,
      run_prompt, run_model, run_inputs, run_files, run_requested_at, idempotency_key, idempotency_hash)
    select t.id, ${value('userId')}, ${value('teamId')}, ${either(sql`'USER'`, sql`'ASSISTANT'`)},
      (n.last + message.place)::int, ${either(sql`n.parent`, sql`(n.last + message.place - 1)::int`)}, ${value('title')}, ${either(value('prompt'), sql`''`)},
      ${either(sql`'COMPLETED'`, sql`'PENDING'`)}, ${either(sql`100`, sql`0`)}, ${either(sql`now()`, NOTHING)},
      message.bots, ${lane}, ${rank}, ${kept.name}, ${kept.namespace}, ${runColumns(hasRun)}
    from t cross join n
      cross join jsonb_array_elements(${value('messages')}::jsonb) with ordinality as message (bots, place)
      ${kept.join}
    returning task_id, id as subtask_id, message_id`;
}

type Part = SQL | ReturnType<typeof value>;

const NOTHING = sql`null`;
/** A column by whether the message is the question. */
const either = (question: Part, answer: Part) => sql`case when message.place = 1 then ${question} else ${answer} end`;
const ofAnswers = (column: Part) => either(NOTHING, column);
const ofFirstAnswer = (column: Part) =>
  sql`case when message.place = ${sql.raw(String(FIRST_ANSWER))} then ${column} end`;
/** The dispatch queue of the answers that executors give. */
const LANE = sql`case when ${isOneOf(sql`message.place`, value('executorPlaces'))} then t.type end`;

/** The columns of a direct chat, which begins with the first step. */
function runColumns(hasRun: boolean): SQL {
  const requested = hasRun ? sql`now()` : sql`null::timestamptz`;

  return sql`${ofAnswers(value('runPrompt'))}, ${ofAnswers(value('runModel'))}, ${ofAnswers(sql`${value('runInputs')}::jsonb`)},
    ${ofAnswers(sql`${value('runFiles')}::jsonb`)}, ${ofFirstAnswer(requested)},
    ${ofFirstAnswer(value('idempotencyKey'))}, ${ofFirstAnswer(value('idempotencyHash'))}`;
}

/**
 * The executor manager sends the next answer to the container that gave the one before, which has its session. It has
 * no way out when that container is gone: the turn fails. So the name is kept from the same bots only, not from an
 * answer that failed, and an answer that is dispatched again loses it (see the dispatch of executors): it never fails twice.
 */
const KEPT_EXECUTOR = {
  name: sql`coalesce(old.executor_name, '')`,
  namespace: sql`coalesce(old.executor_namespace, '')`,
  join: sql`left join subtasks old on old.task_id = t.id and old.message_id = n.question + message.place - 1
    and old.role = 'ASSISTANT' and old.status <> 'FAILED' and old.bot_ids = message.bots`,
};

type Numeric = number | ReturnType<typeof value>;

/** Counts the direct chats of a user that wait or run. */
export function runsOf(userId: Numeric): SQL {
  return sql`select count(*)::int as count from subtasks
    where user_id = ${userId} and status in ('PENDING', 'RUNNING') and run_requested_at is not null`;
}

/** Part of a statement that stores or requests a run, so that the limit needs no query of its own. */
export const roomFor = (userId: Numeric, limit: Numeric): SQL => sql`(${runsOf(userId)}) < ${limit}`;
