import { Inject, Injectable } from '@nestjs/common';
import { and, asc, eq, type SQL, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/pg-core';
import { DB, type Db } from '../../infra/database/database.js';
import { subtasks, tasks } from '../../infra/database/schema/schema.js';
import { AnswerTurn } from './answer-turn.js';

/** Any answer of a turn. */
const answer = alias(subtasks, 'answer');

/** Reads all answers to one question by one of them: one statement, also for pipelines. */
@Injectable()
export class AnswerTurnsRepository {
  constructor(@Inject(DB) private readonly db: Db) {}

  /** Returns the turn that an answer belongs to, of any user; null when it is gone. */
  byAnswer(subtaskId: number): Promise<AnswerTurn | null> {
    return this.find(eq(answer.id, subtaskId));
  }

  /** Returns the last turn of the path that is shown, or the one with the named answer; null when the task is not the user's. */
  newest(userId: number, taskId: number, subtaskId?: number): Promise<AnswerTurn | null> {
    const named =
      subtaskId === undefined
        ? sql`${answer.messageId} = coalesce(${tasks.activeTurn} + 1,
            (select max(n.message_id) from subtasks n where n.task_id = ${taskId} and n.role = 'ASSISTANT'))`
        : eq(answer.id, subtaskId);

    return this.find(and(eq(answer.taskId, taskId), named, eq(tasks.userId, userId), sql`${tasks.status} <> 'DELETE'`));
  }

  private async find(condition: SQL | undefined): Promise<AnswerTurn | null> {
    const rows = await this.db
      .select({ subtask: subtasks, task: tasks })
      .from(answer)
      .innerJoin(tasks, eq(tasks.id, answer.taskId))
      .innerJoin(
        subtasks,
        and(
          eq(subtasks.taskId, answer.taskId),
          eq(subtasks.role, 'ASSISTANT'),
          sql`${subtasks.messageId} > ${question(sql`coalesce(max(q.message_id), 0)`, sql`<`)}`,
          sql`${subtasks.messageId} < ${question(sql`coalesce(min(q.message_id), 2147483647)`, sql`>`)}`,
        ),
      )
      .where(and(eq(answer.role, 'ASSISTANT'), condition))
      .orderBy(asc(subtasks.messageId));
    const [row] = rows;

    return row
      ? new AnswerTurn(
          row.task,
          rows.map(({ subtask }) => subtask),
        )
      : null;
  }
}

/** Position of the question before or after the named answer. */
function question(place: SQL, side: SQL): SQL {
  return sql`(select ${place} from subtasks q
    where q.task_id = ${answer.taskId} and q.role = 'USER' and q.message_id ${side} ${answer.messageId})`;
}
