import { Injectable, Logger } from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';
import { logLine } from '../../infra/database/database-errors.js';
import { keys } from '../../infra/redis/keys.js';
import { RedisClients } from '../../infra/redis/redis-clients.js';
import { type ConversationRow, DifyConversationsRepository } from './dify-conversations.repository.js';

/** Which task talks to which app, and as whom. */
export type ConversationKey = Omit<ConversationRow, 'conversationId' | 'turn'>;

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

  /**
   * Finds the conversation to go on with. One with turns that are not on the path counts as none: a new one is told what
   * was said on the path.
   * @param path positions of the questions of the path
   */
  async find(key: ConversationKey, path: readonly number[]): Promise<FoundConversation> {
    const row = (await this.fromRedis(key)) ?? (await this.fromDatabase(key));
    if (!row || !path.includes(row.turn)) return 'none';
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

      const row = json === null ? null : (JSON.parse(json) as Partial<ConversationRow>);

      // Earlier releases have stored no turn with it.
      return row?.turn === undefined ? null : (row as ConversationRow);
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
