import { Inject, Injectable } from '@nestjs/common';
import { inArray } from 'drizzle-orm';
import { DB, type Db, idList } from '../../infra/database/database.js';
import { executorEvents } from '../../infra/database/schema/task-records.schema.js';
import type { subtasks, tasks } from '../../infra/database/schema/schema.js';
import { CLAIM_NEXT, CLAIM_OF_TASKS, CLAIM_SOME, type ClaimedRow } from './dispatch.sql.js';

/** Which subtasks a dispatch asks for. */
export type Wanted = { lane: 'online' | 'offline'; limit: number } | { taskIds: readonly number[] };

type Subtask = typeof subtasks.$inferSelect;
type Task = typeof tasks.$inferSelect;

/** A subtask that is being handed out, held by the transaction that has claimed it. */
export interface ClaimedSubtask {
  subtask: Pick<Subtask, 'id' | 'taskId' | 'userId' | 'teamId' | 'lane' | 'botIds' | 'title' | 'progress'> &
    Pick<Subtask, 'executorName' | 'executorNamespace' | 'createdAt' | 'updatedAt'>;
  task: Pick<Task, 'title' | 'prompt' | 'type' | 'modelId' | 'gitUrl' | 'gitRepo' | 'gitRepoId' | 'gitDomain'> &
    Pick<Task, 'branchName' | 'forceOverrideBotModel'>;
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

/** Subtasks that executors may claim. */
@Injectable()
export class DispatchRepository {
  constructor(@Inject(DB) private readonly db: Db) {}

  /** Runs `work` in one transaction: its claims are undone when it fails. */
  transaction<T>(work: (tx: Db) => Promise<T>): Promise<T> {
    return this.db.transaction(work);
  }

  /**
   * Claims the next subtasks that no other transaction has locked: they are RUNNING, each with a lease, and what an earlier
   * executor has numbered and named is forgotten.
   */
  async claim(tx: Db, wanted: Wanted, leaseSeconds: number): Promise<ClaimedSubtask[]> {
    const rows = await claimed(tx, wanted, leaseSeconds);
    const again = rows.filter(({ wasBegun }) => wasBegun).map(({ id }) => id);
    if (again.length > 0) await tx.delete(executorEvents).where(inArray(executorEvents.subtaskId, again));

    return rows.map(toOffer);
  }
}

function claimed(tx: Db, wanted: Wanted, lease: number): Promise<ClaimedRow[]> {
  if ('taskIds' in wanted) return CLAIM_OF_TASKS.rows(tx, { lease, ids: idList(wanted.taskIds) });
  const { lane, limit } = wanted;

  return limit === 1 ? CLAIM_NEXT.rows(tx, { lease, lane }) : CLAIM_SOME.rows(tx, { lease, lane, limit });
}

function toOffer(row: ClaimedRow): ClaimedSubtask {
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
