import { Inject, Injectable } from '@nestjs/common';
import { and, eq, inArray, sql } from 'drizzle-orm';
import { searchKey } from '../../common/text/prompt.js';
import { DB, type Db, hasRows, idList, rowsOf, writtenRow } from '../../infra/database/database.js';
import { tasks } from '../../infra/database/schema/schema.js';
import { TERMINAL } from '../task-status.js';
import { mine } from '../tasks.repository.js';
import type { TaskRow } from '../turns/answer-turn.js';
import type { ShownTurn } from './shown-turn.js';

/** A task that is made of turns of another one. */
export interface Branch {
  /** The task that it branches off from. */
  from: TaskRow;
  title: string;
  /** The subtasks that are copied, in order: whole turns of one path. */
  subtaskIds: readonly number[];
  /** The last one of those turns. */
  shown: ShownTurn;
}

/** Versions and branches in the database. */
@Injectable()
export class VersionsRepository {
  constructor(@Inject(DB) private readonly db: Db) {}

  /**
   * Shows the path to a turn, in a task that has ended.
   * @param activeTurn position of its question
   * @returns false when it has not, or is not the user's
   */
  show(userId: number, taskId: number, activeTurn: number, shown: ShownTurn): Promise<boolean> {
    return hasRows(
      this.db
        .update(tasks)
        .set({ ...shown, activeTurn, progress: 100, updatedAt: sql`now()` })
        .where(and(mine(userId, taskId), inArray(tasks.status, [...TERMINAL])))
        .returning({ id: tasks.id }),
    );
  }

  /**
   * Stores a task with copies of turns. Neither containers nor runs at apps are shared: the copies name none, so that the
   * next turn begins with its own.
   * @returns its id; null when the other task was deleted meanwhile
   */
  branch({ from, title, subtaskIds, shown: { resultOf, ...shown } }: Branch): Promise<number | null> {
    const { userId, type, taskType, source, gitUrl, gitRepo, gitRepoId, gitDomain, branchName } = from;
    const { modelId, forceOverrideBotModel, titleSource } = from;
    const task = {
      ...{ userId, title, titleKey: searchKey(title), titleSource, type, taskType, source, progress: 100, ...shown },
      ...{ gitUrl, gitRepo, gitRepoId, gitDomain, branchName, modelId, forceOverrideBotModel },
    };

    return this.db.transaction(async (tx) => {
      const exists = tx.select({ id: tasks.id }).from(tasks).where(mine(userId, from.id)).for('share');
      if (!(await hasRows(exists))) return null;
      const { id: taskId } = await writtenRow(tx.insert(tasks).values(task).returning({ id: tasks.id }));
      const copies = await rowsOf<{ id: number; place: number }>(tx, copyStatement(taskId, subtaskIds));
      const result = copies.find(({ place }) => resultOf !== null && place === subtaskIds.indexOf(resultOf) + 1);
      if (result) await tx.update(tasks).set({ resultOf: result.id }).where(eq(tasks.id, taskId));

      return taskId;
    });
  }
}

function copyStatement(taskId: number, subtaskIds: readonly number[]) {
  return sql`insert into subtasks (task_id, message_id, parent_id, user_id, team_id, role, bot_ids, title, prompt, status,
      progress, result, error_message, run_requested_at, run_prompt, run_model, run_inputs, run_files, terminal_event,
      terminal_seq, created_at, updated_at, completed_at)
    select ${taskId}::int, wanted.place::int, wanted.place::int - 1, user_id, team_id, role, bot_ids, title, prompt, status,
      progress, result, error_message, run_requested_at, run_prompt, run_model, run_inputs, run_files, terminal_event,
      terminal_seq, created_at, updated_at, completed_at
    from unnest(${idList(subtaskIds)}::int[]) with ordinality as wanted(id, place) join subtasks s on s.id = wanted.id
    returning id, message_id as place`;
}
