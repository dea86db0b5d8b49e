import { Inject, Injectable } from '@nestjs/common';
import { inArray, sql } from 'drizzle-orm';
import { DB, type Db, idList, isOneOf, rowsOf } from '../../infra/database/database.js';
import { executorEvents } from '../../infra/database/schema/task-records.schema.js';
import type { TaskRow } from '../../tasks/turns/answer-turn.js';
import {
  CLAIM_NEXT,
  CLAIM_OF_TASKS,
  CLAIM_SOME,
  type ClaimedRow,
  type SubtaskColumns,
  type TaskColumns,
} from './dispatch.sql.js';

/** Which subtasks a dispatch asks for. */
export type ClaimRequest =
  | {
      queue: 'online' | 'offline';
      limit: number;
      /** Managers whose workspaces are left to them, by how the names of their executors end. */
      otherManagers: readonly string[];
    }
  | { taskIds: readonly number[] };

/** A subtask that is being dispatched, locked by the transaction that has claimed it. */
export interface ClaimedSubtask {
  subtask: SubtaskColumns;
  task: TaskColumns & Pick<TaskRow, 'title' | 'prompt'>;
  /** What the turn says about this answer. */
  turn: {
    /** The user's question. */
    prompt: string;
    /** Index among the answers of the turn, from 0. */
    position: number;
    /** Text of the newest answer before it in the turn that was completed. */
    previous: string | null;
    /** The next row of the task. */
    nextId: number | null;
  };
}

/** The dispatch queues: subtasks that executors may claim. */
@Injectable()
export class DispatchRepository {
  constructor(@Inject(DB) private readonly db: Db) {}

  /** Runs `work` in one transaction: its claims are undone when it fails. */
  transaction<T>(work: (tx: Db) => Promise<T>): Promise<T> {
    return this.db.transaction(work);
  }

  /**
   * Claims the next subtasks that no other transaction has locked: they are RUNNING, each with a lease, and the numbers and
   * ids of an earlier executor's reports are removed.
   */
  async claim(tx: Db, request: ClaimRequest, leaseSeconds: number): Promise<ClaimedSubtask[]> {
    const rows = await claimRows(tx, request, leaseSeconds);
    const again = rows.filter(({ wasBegun }) => wasBegun).map(({ id }) => id);
    if (again.length > 0) await tx.delete(executorEvents).where(inArray(executorEvents.subtaskId, again));

    return rows.map(toClaimed);
  }

  /** Returns those of some subtasks that wait in a dispatch queue, with their positions, 1 = next. */
  async positionsOf(subtaskIds: readonly number[]): Promise<{ subtaskId: number; position: number }[]> {
    if (subtaskIds.length === 0) return [];

    return rowsOf<{ subtaskId: number; position: number }>(
      this.db,
      sql`select me.id as "subtaskId", (select count(*)::int + 1 from subtasks o where o.status = 'PENDING'
          and o.fair_rank is not null and o.lane = me.lane and (o.fair_rank, o.id) < (me.fair_rank, me.id)) as position
        from subtasks me where ${isOneOf(sql`me.id`, idList(subtaskIds))} and me.status = 'PENDING' and me.fair_rank is not null`,
    );
  }
}

function claimRows(tx: Db, request: ClaimRequest, lease: number): Promise<ClaimedRow[]> {
  if ('taskIds' in request) return CLAIM_OF_TASKS.rows(tx, { lease, ids: idList(request.taskIds) });
  const { queue, limit } = request;
  const others = `{${request.otherManagers.join(',')}}`;

  return limit === 1
    ? CLAIM_NEXT.rows(tx, { lease, queue, others })
    : CLAIM_SOME.rows(tx, { lease, queue, limit, others });
}

function toClaimed(row: ClaimedRow): ClaimedSubtask {
  const { question, position, previous, nextId, taskTitle, taskPrompt } = row;
  const isPartOfTurn = question !== null;

  return {
    subtask: row,
    task: { ...row, title: taskTitle, prompt: taskPrompt },
    turn: isPartOfTurn
      ? { prompt: question, position, previous, nextId }
      : { prompt: taskPrompt, position: 0, previous: null, nextId: null },
  };
}
