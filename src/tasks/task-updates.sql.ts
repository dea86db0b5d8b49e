import { type SQL, sql } from 'drizzle-orm';
import { searchKey } from '../common/search-key.js';
import { type Db, rowsOf } from '../infra/database/database.js';
import type { SubtaskStatus, TaskStatus } from '../infra/database/schema.js';
import { isTerminal } from './task-status.js';
import type { Step, StepDraft } from './step-report.js';
import { eventKey, type TaskDraft } from './turn-state.js';

/** A connection, or a transaction on one. */
type Session = Pick<Db, 'execute'>;

/** A step with the turn that it belongs to: `question` is the place of what it answers. */
export interface LockedStep extends Step {
  taskId: number;
  messageId: number;
  question: number;
}

/** A task, and the place of its newest question. */
export interface LockedTask {
  id: number;
  userId: number;
  status: TaskStatus;
  newestQuestion: number;
}

interface StepRow {
  id: number;
  task_id: number;
  message_id: number;
  question: number;
  status: SubtaskStatus;
  progress: number;
  has_result: boolean;
  error_message: string | null;
  lane: string | null;
  /** 64 bits: the drivers differ in what they make of it. */
  fair_rank: unknown;
  is_asked: boolean;
  report_seq: unknown;
  report_order: unknown;
}

/** Answers by their ids. */
export const byIds = (subtaskIds: readonly number[]): SQL => sql`me.id in ${[...subtaskIds]}`;

/** All answers of a task. */
export const ofTask = (taskId: number): SQL => sql`me.task_id = ${taskId}`;

/**
 * Locks all answers of the turns that some answers belong to. Everybody who changes answers and tasks locks answers
 * first, then tasks, and each in the order of their ids, so that nobody waits for somebody who waits for him.
 */
export async function lockTurns(session: Session, some: SQL): Promise<LockedStep[]> {
  const rows = await rowsOf<StepRow>(
    session,
    sql`with asked as (
      select distinct me.task_id, (select coalesce(max(q.message_id), 0) from subtasks q
        where q.task_id = me.task_id and q.role = 'USER' and q.message_id < me.message_id) as question
      from subtasks me where ${some} and me.role = 'ASSISTANT')
    select s.id, s.task_id, s.message_id, asked.question, s.status, s.progress, s.result is not null as has_result, s.error_message,
      s.lane, s.fair_rank, s.run_requested_at is not null as is_asked, s.report_seq, s.report_order
    from asked join subtasks s on s.task_id = asked.task_id and s.role = 'ASSISTANT' and s.message_id > asked.question
      and s.message_id < (select coalesce(min(q.message_id), 2147483647) from subtasks q
        where q.task_id = asked.task_id and q.role = 'USER' and q.message_id > asked.question)
    order by s.id for update of s`,
  );

  return rows.map(toStep);
}

function toStep(row: StepRow): LockedStep {
  return {
    id: row.id,
    taskId: row.task_id,
    messageId: row.message_id,
    question: row.question,
    status: row.status,
    progress: row.progress,
    hasResult: row.has_result,
    errorMessage: row.error_message,
    lane: row.lane,
    fairRank: toNumber(row.fair_rank),
    isAsked: row.is_asked,
    reportSeq: toNumber(row.report_seq),
    reportOrder: toNumber(row.report_order),
  };
}

const toNumber = (value: unknown) => (value === null ? null : Number(value));

/** Locks tasks whose answers are locked. Nothing can be appended to them meanwhile unless all those have ended. */
export async function lockTasks(session: Session, taskIds: readonly number[]): Promise<LockedTask[]> {
  if (taskIds.length === 0) return [];

  return rowsOf<LockedTask>(
    session,
    sql`select t.id, t.user_id as "userId", t.status, (select coalesce(max(q.message_id), 0) from subtasks q
        where q.task_id = t.id and q.role = 'USER') as "newestQuestion"
      from tasks t where t.id in ${[...taskIds]} order by t.id for no key update of t`,
  );
}

interface Event {
  subtaskId: number;
  eventId: string;
}

const eventsIn = (events: readonly Event[]) =>
  sql`jsonb_to_recordset(${JSON.stringify(events)}::jsonb) as v("subtaskId" int, "eventId" text)`;

/** Those of the events that were applied before, as {@link eventKey}s. */
export async function knownEvents(session: Session, events: readonly Event[]): Promise<Set<string>> {
  if (events.length === 0) return new Set();
  const rows = await rowsOf<Event>(
    session,
    sql`select e.subtask_id as "subtaskId", e.event_id as "eventId"
      from ${eventsIn(events)} join executor_events e on e.subtask_id = v."subtaskId" and e.event_id = v."eventId"`,
  );

  return new Set(rows.map(({ subtaskId, eventId }) => eventKey(subtaskId, eventId)));
}

/** Writes changed steps, whose rows are locked. @param leaseSeconds how long an extended lease lasts from now on */
export async function writeSteps(session: Session, steps: readonly StepDraft[], leaseSeconds: number): Promise<void> {
  if (steps.length === 0) return;
  const rows = steps.map((step) => ({
    ...step,
    ended: isTerminal(step.status),
    terminal: undefined,
    ...terminalOf(step),
  }));
  await session.execute(sql`update subtasks s set
      status = v.status, progress = v.progress, result = coalesce(v.result, s.result), error_message = v."errorMessage",
      title = coalesce(v.title, s.title), executor_name = coalesce(v."executorName", s.executor_name),
      executor_namespace = coalesce(v."executorNamespace", s.executor_namespace), fair_rank = v."fairRank",
      run_requested_at = case when v."isAsked" then coalesce(s.run_requested_at, now()) end,
      report_seq = v."reportSeq", report_order = v."reportOrder",
      terminal_event = coalesce(v."terminalEvent", s.terminal_event),
      terminal_seq = coalesce(v."terminalSeq", s.terminal_seq),
      lease_expires_at = case v.lease when 'extend' then now() + make_interval(secs => ${leaseSeconds})
        when 'keep' then s.lease_expires_at end,
      updated_at = now(), completed_at = case when v.ended then now() else s.completed_at end
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as v(id int, status text, progress int, result jsonb,
      "errorMessage" text, title text, "executorName" text, "executorNamespace" text, "fairRank" bigint, "isAsked" boolean,
      "reportSeq" bigint, "reportOrder" bigint, "terminalEvent" jsonb, "terminalSeq" int, lease text, ended boolean)
    where s.id = v.id and s.status in ('PENDING', 'RUNNING')`);
  await writeEvents(session, steps);
}

function terminalOf({ terminal }: StepDraft) {
  return terminal ? { terminalEvent: terminal.event, terminalSeq: terminal.seq } : {};
}

/** Reports of what has ended are known by its end: their ids need not be kept. */
async function writeEvents(session: Session, steps: readonly StepDraft[]): Promise<void> {
  const open = steps.filter(({ status }) => !isTerminal(status));
  const added = open.flatMap(({ id, eventIds }) => eventIds.map((eventId) => ({ subtaskId: id, eventId })));
  const gone = steps.filter(({ status, lane }) => isTerminal(status) && lane !== null).map(({ id }) => id);
  if (added.length > 0) {
    await session.execute(
      sql`insert into executor_events (subtask_id, event_id) select v."subtaskId", v."eventId" from ${eventsIn(added)} on conflict do nothing`,
    );
  }
  if (gone.length > 0) await session.execute(sql`delete from executor_events where subtask_id in ${gone}`);
}

/** Writes changed tasks, whose rows are locked, after their steps: results are copied from there. */
export async function writeTasks(session: Session, tasks: readonly TaskDraft[]): Promise<void> {
  if (tasks.length === 0) return;
  const rows = tasks.map((task) => ({ ...task, titleKey: task.title === null ? null : searchKey(task.title) }));
  await session.execute(sql`update tasks t set
      status = v.status, progress = greatest(t.progress, v.progress), error_message = v."errorMessage",
      result = case when v."copiesResult" then (select s.result from subtasks s where s.id = v."resultOf") else t.result end,
      title = coalesce(v.title, t.title), title_key = coalesce(v."titleKey", t.title_key),
      updated_at = now(), completed_at = case when v.ended then now() else t.completed_at end
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as v(id int, was text, status text, progress int,
      "copiesResult" boolean, "resultOf" int, "errorMessage" text, ended boolean, title text, "titleKey" text)
    where t.id = v.id and t.status = v.was`);
}

/** Answers of the same turn besides this one: assistant rows with no question between. */
export function otherAnswers(subtaskId: number): SQL {
  return sql`select 1 from subtasks me join subtasks other on other.task_id = me.task_id and other.id <> me.id
    where me.id = ${subtaskId} and other.role = 'ASSISTANT'
      and other.message_id > (select max(message_id) from subtasks where task_id = me.task_id and role = 'USER')`;
}
