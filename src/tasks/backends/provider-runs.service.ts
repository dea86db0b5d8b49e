import { Inject, Injectable } from '@nestjs/common';
import { and, eq, sql } from 'drizzle-orm';
import type { DifyRun } from '../../common/contracts/dify.js';
import { DB, type Db } from '../../infra/database/database.js';
import { subtasks } from '../../infra/database/schema/schema.js';
import { Statement } from '../../infra/database/statement.js';
import { TaskChangePublisher } from '../events/task-change.publisher.js';

/** Several times for each answer of an app. */
const SAVE = new Statement<never, { subtaskId: number; run: string }>(
  sql`update subtasks set upstream_run = coalesce(upstream_run, '{}'::jsonb) || ${sql.placeholder('run')}::jsonb
    where id = ${sql.placeholder('subtaskId')}`,
);

/** Stores with subtasks what is known of the runs that they have at apps. */
@Injectable()
export class ProviderRunsService {
  constructor(
    @Inject(DB) private readonly db: Db,
    private readonly changes: TaskChangePublisher,
  ) {}

  /**
   * Stores what a later attempt needs. Fields that are left out stay, and answers to forms always: others may have been
   * added meanwhile.
   * @throws when the database is away
   */
  async save(subtaskId: number, { answered: _answered, ...run }: DifyRun): Promise<void> {
    await SAVE.rows(this.db, { subtaskId, run: JSON.stringify(run) });
  }

  /** Records that a form was answered, so that a later attempt at the run does not wait for it. */
  async addAnswered(subtaskId: number, token: string): Promise<void> {
    const answered = sql`coalesce(${subtasks.upstreamRun}->'answered', '[]'::jsonb) || to_jsonb(${token}::text)`;
    await this.db
      .update(subtasks)
      .set({ upstreamRun: sql`jsonb_set(${subtasks.upstreamRun}, '{answered}', ${answered})` })
      .where(eq(subtasks.id, subtaskId));
  }

  /** Returns the bot whose app gave a message; null when it is none of the user's answers. */
  async botOfMessage(userId: number, messageId: string): Promise<number | null> {
    const [row] = await this.db
      .select({ run: subtasks.upstreamRun })
      .from(subtasks)
      .where(and(eq(subtasks.userId, userId), eq(sql`${subtasks.upstreamRun} ->> 'messageId'`, messageId)))
      .limit(1);

    return row?.run?.botId ?? null;
  }

  /** Adds suggestions that came after the end of their answer to its result, if it has one, and publishes the change. */
  async addSuggestions(subtaskId: number, questions: readonly string[]): Promise<void> {
    const [changed] = await this.db
      .update(subtasks)
      .set({
        result: sql`jsonb_set(${subtasks.result}, '{suggestions}', ${JSON.stringify(questions)}::jsonb)`,
        updatedAt: sql`now()`,
      })
      .where(sql`${subtasks.id} = ${subtaskId} and ${subtasks.result} is not null`)
      .returning({ userId: subtasks.userId, taskId: subtasks.taskId });
    if (changed) await this.changes.publish([{ ...changed, subtaskIds: [subtaskId] }]);
  }
}
