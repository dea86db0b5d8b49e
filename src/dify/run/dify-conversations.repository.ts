import { Inject, Injectable } from '@nestjs/common';
import { and, eq, sql } from 'drizzle-orm';
import { DB, type Db } from '../../infra/database/database.js';
import { difyConversations } from '../../infra/database/schema/task-records.schema.js';
import { Statement } from '../../infra/database/statement.js';

export type ConversationRow = Omit<typeof difyConversations.$inferSelect, 'updatedAt'>;

const value = (name: keyof ConversationRow) => sql.placeholder(name);

/** Once for each answer of an app. */
const SAVE = new Statement<never, ConversationRow>(
  sql`insert into dify_conversations (task_id, bot_id, fingerprint, conversation_id, end_user, turn)
    values (${value('taskId')}, ${value('botId')}, ${value('fingerprint')}, ${value('conversationId')}, ${value('endUser')},
      ${value('turn')})
    on conflict (task_id, bot_id) do update set fingerprint = excluded.fingerprint, conversation_id = excluded.conversation_id,
      end_user = excluded.end_user, turn = excluded.turn, updated_at = now()`,
);

/** The conversations that tasks have with apps. */
@Injectable()
export class DifyConversationsRepository {
  constructor(@Inject(DB) private readonly db: Db) {}

  async find(taskId: number, botId: number): Promise<ConversationRow | null> {
    const rows = await this.db
      .select()
      .from(difyConversations)
      .where(and(eq(difyConversations.taskId, taskId), eq(difyConversations.botId, botId)));

    return rows[0] ?? null;
  }

  async save(row: ConversationRow): Promise<void> {
    await SAVE.rows(this.db, row);
  }
}
