import { type Placeholder, type SQL, sql } from 'drizzle-orm';
import { searchKey } from '../../common/text/prompt.js';
import { type Db, idList, isOneOf } from '../../infra/database/database.js';
import type { TaskStatus } from '../../infra/database/schema/schema.js';
import { Statement } from '../../infra/database/statement.js';
import { isTerminal, LEASE_IS_FRESH } from '../task-status.js';
import { rankIn } from '../turns/dispatch-rank.sql.js';
import type { StepState, StepDraft } from './classify-report.js';
import type { TaskDraft } from './turn-state.js';

/** A connection, or a transaction on one. */
type Session = Pick<Db, '$client'>;

/** A step with the turn that it belongs to: `question` is the place of what it answers. */
export interface LockedStep extends StepState {
  taskId: number;
  messageId: number;
  question: number;
}

/** A task, the place of its newest question, and which of the events asked about were applied before. */
export interface LockedTask {
  id: number;
  userId: number;
  status: TaskStatus;
  newestQuestion: number;
  known: Omit<ReportEvent, 'taskId'>[];
}

/** The name of a report, and what it is about. */
export interface ReportEvent {
  taskId: number;
  subtaskId: number;
  eventId: string;
}

/** Columns of 64 bits: the drivers differ in what they make of them. */
type BigColumn = 'fairRank' | 'reportSeq' | 'reportOrder';
type StepRow = Omit<LockedStep, BigColumn> & Record<BigColumn, unknown>;

const value = (name: string) => sql.placeholder(name);

/** All answers of the turns that some answers belong to. */
function lockSteps<Values extends object>(some: SQL): Statement<StepRow, Values & Record<string, unknown>> {
  return new Statement(sql`with asked as (
      select distinct me.task_id, (select coalesce(max(q.message_id), 0) from subtasks q
        where q.task_id = me.task_id and q.role = 'USER' and q.message_id < me.message_id) as question
      from subtasks me where ${some} and me.role = 'ASSISTANT')
    select s.id, s.task_id as "taskId", s.message_id as "messageId", asked.question, s.status, s.progress,
      s.result is not null as "hasResult", s.error_message as "errorMessage", s.lane, s.fair_rank as "fairRank",
      s.run_requested_at is not null as "isAsked", s.report_seq as "reportSeq", s.report_order as "reportOrder", s.offers,
      s.is_presumed as "isPresumed"
    from asked join subtasks s on s.task_id = asked.task_id and s.role = 'ASSISTANT' and s.message_id > asked.question
      and s.message_id < (select coalesce(min(q.message_id), 2147483647) from subtasks q
        where q.task_id = asked.task_id and q.role = 'USER' and q.message_id > asked.question)
    order by s.id for update of s`);
}

const LOCK_TURNS = lockSteps<{ ids: string }>(isOneOf(sql`me.id`, value('ids')));
const LOCK_TASK = lockSteps<{ taskId: number }>(sql`me.task_id = ${value('taskId')}`);

/**
 * Locks all answers of the turns that some answers belong to. All that changes answers and tasks locks answers
 * first, then tasks, and each in the order of their ids, so that there is no deadlock.
 */
export async function lockTurns(session: Session, subtaskIds: readonly number[]): Promise<LockedStep[]> {
  return (await LOCK_TURNS.rows(session, { ids: idList(subtaskIds) })).map(toStep);
}

/** Locks all answers of a task, in the same order. */
export async function lockTurnsOf(session: Session, taskId: number): Promise<LockedStep[]> {
  return (await LOCK_TASK.rows(session, { taskId })).map(toStep);
}

function toStep({ fairRank, reportSeq, reportOrder, ...step }: StepRow): LockedStep {
  return { ...step, fairRank: toNumber(fairRank), reportSeq: toNumber(reportSeq), reportOrder: toNumber(reportOrder) };
}

const toNumber = (value: unknown) => (value === null ? null : Number(value));

const records = (name: string) => sql`jsonb_to_recordset(${value(name)}::jsonb)`;

const LOCK_TASKS = new Statement<LockedTask, { ids: string; events: string }>(
  sql`select t.id, t.user_id as "userId", t.status, (select coalesce(max(q.message_id), 0) from subtasks q
      where q.task_id = t.id and q.role = 'USER') as "newestQuestion",
    (select coalesce(json_agg(v), '[]') from ${records('events')} as v("taskId" int, "subtaskId" int, "eventId" text)
      where v."taskId" = t.id and exists (select 1 from executor_events e
        where e.subtask_id = v."subtaskId" and e.event_id = v."eventId")) as known
    from tasks t where ${isOneOf(sql`t.id`, value('ids'))} order by t.id for no key update of t`,
);

/**
 * Locks tasks whose answers are locked. Nothing can be appended to them meanwhile unless all those have ended.
 * @param events looked up on the way
 */
export async function lockTasks(
  session: Session,
  taskIds: readonly number[],
  events: readonly ReportEvent[],
): Promise<LockedTask[]> {
  return taskIds.length === 0 ? [] : LOCK_TASKS.rows(session, { ids: idList(taskIds), events: JSON.stringify(events) });
}

/** The title that an executor reports, unless the user has given one. */
const TITLE_OF_REPORT = sql.raw(`
      title = case when t.title_source = 'user' then t.title else coalesce(v.title, t.title) end,
      title_key = case when t.title_source = 'user' then t.title_key else coalesce(v."titleKey", t.title_key) end,
      title_source = case when t.title_source = 'user' or v.title is null then t.title_source else 'model' end`);

/** How long the leases of executors are, in seconds, see `config-parts.ts`. */
export interface LeaseSeconds {
  leaseSeconds: number;
  silentLeaseSeconds: number;
}

const FRESH = sql.raw(String(LEASE_IS_FRESH));
const LEASE = sql`make_interval(secs =>
  case when s.executor_beats then ${value('leaseSeconds')}::int else ${value('silentLeaseSeconds')}::int end)`;

// The ids once more as an array: of a set of records the planner knows nothing, and would read the whole table.
const WRITE_TURNS = new Statement<
  never,
  Record<'steps' | 'stepIds' | 'added' | 'goneIds' | 'tasks' | 'taskIds', string> & Record<keyof LeaseSeconds, number>
>(
  sql`with written as (
      update subtasks s set
        status = v.status, progress = v.progress, result = coalesce(v.result, s.result), error_message = v."errorMessage",
        title = coalesce(v.title, s.title), executor_name = coalesce(v."executorName", s.executor_name),
        executor_namespace = coalesce(v."executorNamespace", s.executor_namespace), fair_rank = v."fairRank",
        run_requested_at = case when v."isAsked" then coalesce(s.run_requested_at, now()) end,
        report_seq = v."reportSeq", report_order = v."reportOrder",
        is_presumed = v."isPresumed",
        terminal_event = coalesce(v."terminalEvent", case when not v."isRepaired" then s.terminal_event end),
        terminal_seq = coalesce(v."terminalSeq", case when not v."isRepaired" then s.terminal_seq end),
        lease_expires_at = case
          when v.lease = 'clear' then null
          when v.lease = 'keep' or s.lease_expires_at > now() + ${FRESH} * ${LEASE} then s.lease_expires_at
          else now() + ${LEASE} end,
        updated_at = now(), completed_at = case when v.ended then now() end
      from ${records('steps')} as v(id int, was text, status text, progress int, result jsonb,
        "errorMessage" text, title text, "executorName" text, "executorNamespace" text, "fairRank" bigint, "isAsked" boolean, "isPresumed" boolean, "isRepaired" boolean,
        "reportSeq" bigint, "reportOrder" bigint, "terminalEvent" jsonb, "terminalSeq" int, lease text, ended boolean)
      where ${isOneOf(sql`s.id`, value('stepIds'))} and s.id = v.id and s.status = v.was
    ), named as (
      insert into executor_events (subtask_id, event_id)
      select v."subtaskId", v."eventId" from ${records('added')} as v("subtaskId" int, "eventId" text) on conflict do nothing
    ), forgotten as (
      delete from executor_events where ${isOneOf(sql`subtask_id`, value('goneIds'))}
    )
    update tasks t set
      status = v.status, error_message = v."errorMessage",
      result_of = v."resultOf", ${TITLE_OF_REPORT},
      progress = case when t.completed_at is null then greatest(t.progress, v.progress) else v.progress end,
      updated_at = now(), completed_at = case when v.ended then now() end
    from ${records('tasks')} as v(id int, was text, status text, progress int,
      "resultOf" int, "errorMessage" text, ended boolean, title text, "titleKey" text)
    where ${isOneOf(sql`t.id`, value('taskIds'))} and t.id = v.id and t.status = v.was`,
);

/**
 * Writes changed steps and tasks, whose rows are locked. Reports of what has ended are known by its end, so their ids are
 * not kept.
 * @param leases how long a lease lasts that is not fresh any more
 */
export async function writeTurns(
  session: Session,
  steps: readonly StepDraft[],
  tasks: readonly TaskDraft[],
  { leaseSeconds, silentLeaseSeconds }: LeaseSeconds,
): Promise<void> {
  if (steps.length === 0 && tasks.length === 0) return;
  const open = steps.filter(({ status }) => !isTerminal(status));
  const added = open.flatMap(({ id, eventIds }) => eventIds.map((eventId) => ({ subtaskId: id, eventId })));
  const gone = steps.filter(({ status, lane }) => isTerminal(status) && lane !== null);
  await WRITE_TURNS.rows(session, {
    ...{ steps: JSON.stringify(steps.map(toStepRecord)), stepIds: idsOf(steps) },
    ...{ added: JSON.stringify(added), goneIds: idsOf(gone) },
    ...{ tasks: JSON.stringify(tasks.map(toTaskRecord)), taskIds: idsOf(tasks) },
    ...{ leaseSeconds, silentLeaseSeconds },
  });
  const queued = steps.filter(({ isQueued }) => isQueued);
  if (queued.length > 0) await ENQUEUE.rows(session, { ids: idsOf(queued) });
}

/** Gives waiting answers their place in their dispatch queues. */
const ENQUEUE = new Statement<never, { ids: string }>(
  sql`update subtasks s set fair_rank = ${rankIn(sql`s.lane`, sql`s.user_id`)}
    where ${isOneOf(sql`s.id`, value('ids'))} and s.status = 'PENDING' and s.fair_rank is null`,
);

const idsOf = (rows: readonly { id: number }[]) => idList(rows.map(({ id }) => id));

function toStepRecord({ terminal, ...step }: StepDraft) {
  const end = terminal ? { terminalEvent: terminal.event, terminalSeq: terminal.seq } : {};

  return { ...step, ended: isTerminal(step.status), ...end };
}

const toTaskRecord = (task: TaskDraft) => ({ ...task, titleKey: task.title === null ? null : searchKey(task.title) });

/** Answers of the same turn besides this one: assistant rows with no question between. */
export function otherAnswers(subtaskId: number | Placeholder): SQL {
  return sql`select 1 from subtasks me join subtasks other on other.task_id = me.task_id and other.id <> me.id
    where me.id = ${subtaskId} and other.role = 'ASSISTANT'
      and other.message_id > (select max(message_id) from subtasks where task_id = me.task_id and role = 'USER')`;
}
