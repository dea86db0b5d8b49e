import { Inject, Injectable } from '@nestjs/common';
import { and, eq, sql } from 'drizzle-orm';
import { DB, type Db } from '../infra/database/database.js';
import { difyConversations } from '../infra/database/dify.schema.js';

export type ConversationRow = Omit<typeof difyConversations.$inferSelect, 'updatedAt'>;

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
    const { fingerprint, conversationId, endUser } = row;
    await this.db
      .insert(difyConversations)
      .values(row)
      .onConflictDoUpdate({
        target: [difyConversations.taskId, difyConversations.botId],
        set: { fingerprint, conversationId, endUser, updatedAt: sql`now()` },
      });
  }
}
