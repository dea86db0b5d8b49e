import { Injectable, Logger } from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';
import { logLine } from '../../infra/database/database-errors.js';
import { keys } from '../../infra/redis/keys.js';
import { RedisClients } from '../../infra/redis/redis-clients.js';
import { type ConversationRow, DifyConversationsRepository } from './dify-conversations.repository.js';

/** Which task talks to which app, and as whom. */
export type ConversationKey = Omit<ConversationRow, 'conversationId'>;

/** `lost`: there was one, with another key or user, which the app does not know. */
export type FoundConversation = { id: string } | 'none' | 'lost';

/** Remembers the conversations that tasks have at Dify: a copy in Redis, the truth in the database. */
@Injectable()
export class DifyConversations {
  private readonly log = new Logger(DifyConversations.name);

  constructor(
    private readonly repository: DifyConversationsRepository,
    private readonly redis: RedisClients,
    private readonly config: AppConfig,
  ) {}

  async find(key: ConversationKey): Promise<FoundConversation> {
    const row = (await this.fromRedis(key)) ?? (await this.fromDatabase(key));
    if (!row) return 'none';
    if (row.fingerprint !== key.fingerprint || row.endUser !== key.endUser) return 'lost';

    return { id: row.conversationId };
  }

  /** Saves in the background. If it fails, the next turn begins a new conversation. */
  save(row: ConversationRow): void {
    void this.toRedis(row);
    this.repository
      .save(row)
      .catch((error: unknown) => this.log.warn(`task ${row.taskId}: conversation not kept: ${logLine(error)}`));
  }

  private async fromDatabase({ taskId, botId }: ConversationKey): Promise<ConversationRow | null> {
    const row = await this.repository.find(taskId, botId);
    if (row) void this.toRedis(row);

    return row;
  }

  private async fromRedis({ taskId, botId }: ConversationKey): Promise<ConversationRow | null> {
    try {
      const json = await this.redis.commands.hget(keys.difyConversation(taskId), String(botId));

      return json === null ? null : (JSON.parse(json) as ConversationRow);
    } catch {
      return null;
    }
  }

  private async toRedis(row: ConversationRow): Promise<void> {
    const key = keys.difyConversation(row.taskId);
    try {
      const { historyTtlSeconds } = this.config.chat;
      const { commands } = this.redis;
      await commands.pipeline().hset(key, String(row.botId), JSON.stringify(row)).expire(key, historyTtlSeconds).exec();
    } catch {
      // The database has it.
    }
  }
}
