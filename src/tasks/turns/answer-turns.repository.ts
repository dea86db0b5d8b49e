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
  private readonly queries: ReturnType<typeof queriesOf>;

  constructor(@Inject(DB) db: Db) {
    this.queries = queriesOf(db);
  }

  /** Returns the turn that an answer belongs to, of any user; null when it is gone. */
  async byAnswer(subtaskId: number): Promise<AnswerTurn | null> {
    return toTurn(await this.queries.byAnswer.execute({ subtaskId }));
  }

  /** Returns the last turn of the path that is shown, or the one with the named answer; null when the task is not the user's. */
  async newest(userId: number, taskId: number, subtaskId?: number): Promise<AnswerTurn | null> {
    if (subtaskId === undefined) return toTurn(await this.queries.newest.execute({ userId, taskId }));

    return toTurn(await this.queries.named.execute({ userId, taskId, subtaskId }));
  }
}

type Rows = Awaited<ReturnType<ReturnType<typeof queriesOf>['byAnswer']['execute']>>;

function toTurn(rows: Rows): AnswerTurn | null {
  const [row] = rows;

  return row
    ? new AnswerTurn(
        row.task,
        rows.map(({ subtask }) => subtask),
      )
    : null;
}

/** Built once: each run reads its turn, and building the query costs more than the database takes for it. */
function queriesOf(db: Db) {
  const [taskId, userId, subtaskId] = ['taskId', 'userId', 'subtaskId'].map((name) => sql.placeholder(name));
  const ofUser = sql`${tasks.id} = ${taskId} and ${tasks.userId} = ${userId} and ${tasks.status} <> 'DELETE'`;
  const newest = sql`coalesce(${tasks.activeTurn} + 1,
    (select max(n.message_id) from subtasks n where n.task_id = ${taskId} and n.role = 'ASSISTANT'))`;
  const named = sql`${answer.id} = ${subtaskId}`;

  return {
    byAnswer: turnWhere(db, named).prepare('turn_by_answer'),
    newest: turnWhere(db, sql`${ofUser} and ${answer.messageId} = ${newest}`).prepare('newest_turn'),
    named: turnWhere(db, sql`${ofUser} and ${named}`).prepare('named_turn'),
  };
}

function turnWhere(db: Db, condition: SQL) {
  return db
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
}

/** Position of the question before or after the named answer. */
function question(place: SQL, side: SQL): SQL {
  return sql`(select ${place} from subtasks q
    where q.task_id = ${answer.taskId} and q.role = 'USER' and q.message_id ${side} ${answer.messageId})`;
}
