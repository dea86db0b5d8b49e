import { sql } from 'drizzle-orm';
import { Statement } from '../../infra/database/statement.js';
import type { SubtaskStatus, TaskStatus } from '../../infra/database/schema/schema.js';
import { deriveTaskStatus, fromStates, isTerminal, SUBTASK_TRANSITIONS, TASK_TRANSITIONS } from '../task-status.js';
import { otherAnswers } from './task-updates.sql.js';
import type { TaskUpdate } from '../tasks.jobs.js';

/** A task whose state its only answer has given it. */
export interface ChangedTask {
  taskId: number;
  userId: number;
  taskStatus: TaskStatus;
}

/** What a report says, as the statement takes it: null for what it leaves as it is. */
type Values = {
  subtaskId: number;
  progress: number;
  result: string | null;
  errorMessage: string | null;
  terminalEvent: string | null;
  terminalSeq: number | null;
};

const { placeholder } = sql;
const statements = new Map<SubtaskStatus, Statement<ChangedTask, Values>>();

/**
 * Returns the statement that brings an answer, and its task when the turn has no other answer, to a state. It repeats the
 * transition rules of `decideTurn` for this case, because a transaction makes a turn more than 15 % dearer: see
 * docs/decisions/2026-11-29-one-table-of-transitions.md.
 */
export function singleAnswerStatement(status: SubtaskStatus): Statement<ChangedTask, Values> {
  const known = statements.get(status) ?? toStatement(status);
  statements.set(status, known);

  return known;
}

export function valuesOf({ subtaskId, status, progress, result, errorMessage, terminal }: TaskUpdate): Values {
  const hasFailed = status === 'FAILED' || status === 'CANCELLED';

  return {
    subtaskId,
    progress: progress ?? 0,
    result: result === undefined ? null : JSON.stringify(result),
    errorMessage: (hasFailed && errorMessage) || null,
    terminalEvent: terminal ? JSON.stringify(terminal.event) : null,
    terminalSeq: terminal?.seq ?? null,
  };
}

/** Changes nothing when the state may not follow, when an executor has the answer, or when the turn has several. */
function toStatement(status: SubtaskStatus): Statement<ChangedTask, Values> {
  const ended = isTerminal(status);
  const taskStatus = deriveTaskStatus([status], false);
  const ofTask = [...fromStates(TASK_TRANSITIONS, taskStatus), 'CANCELLING'];
  const endOfAnswer = ended ? sql`, completed_at = now()` : sql``;
  const endOfTask = ended
    ? sql`, result_of = answer.result_of, error_message = answer.error_message, completed_at = now()`
    : sql``;
  // Progress never goes back, whatever order reports come in.
  const progress = ended ? sql`100` : sql`greatest(s.progress, ${placeholder('progress')}::int)`;

  const text = sql`with answer as (
      update subtasks s set status = ${status}, progress = ${progress}, updated_at = now() ${endOfAnswer},
        result = coalesce(${placeholder('result')}::jsonb, s.result),
        error_message = coalesce(${placeholder('errorMessage')}::text, s.error_message),
        terminal_event = coalesce(${placeholder('terminalEvent')}::jsonb, s.terminal_event),
        terminal_seq = coalesce(${placeholder('terminalSeq')}::int, s.terminal_seq)
      where s.id = ${placeholder('subtaskId')}::int and s.role = 'ASSISTANT' and s.lane is null
        and s.status in ${fromStates(SUBTASK_TRANSITIONS, status)}
        and not exists (${otherAnswers(placeholder('subtaskId'))})
      returning s.task_id, case when s.result is not null then s.id end as result_of, s.error_message)
    update tasks t set updated_at = now(), progress = ${ended ? sql`100` : sql`${placeholder('progress')}::int`} ${endOfTask},
      status = case when t.status = 'CANCELLING' then ${deriveTaskStatus([status], true)} else ${taskStatus} end
    from answer where t.id = answer.task_id and t.status in ${ofTask}
    returning t.id as "taskId", t.user_id as "userId", t.status as "taskStatus"`;

  return new Statement(text, `single_answer_${status}`);
}
