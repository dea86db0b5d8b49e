import { Injectable, Logger } from '@nestjs/common';
import type { ChatMessage } from '../../common/contracts/chat-provider.js';
import { AppConfig } from '../../config/app-config.js';
import { keys } from '../../infra/redis/keys.js';
import { RedisClients } from '../../infra/redis/redis-clients.js';
import { ConversationPaths } from '../../tasks/turns/conversation-paths.js';

type Stored = readonly [role: ChatMessage['role'], content: string];

/** Caches the conversations of tasks in Redis, and rebuilds an incomplete one from the database. */
@Injectable()
export class SessionHistory {
  private readonly log = new Logger(SessionHistory.name);

  constructor(
    private readonly redis: RedisClients,
    private readonly conversations: ConversationPaths,
    private readonly config: AppConfig,
  ) {}

  /** Returns the messages at some positions of a task, which are those of one path: oldest first, without empty ones. */
  async read(taskId: number, places: readonly number[]): Promise<ChatMessage[]> {
    if (places.length === 0) return [];
    const messages = (await this.fromRedis(taskId, places)) ?? (await this.rebuild(taskId, places));

    return messages.filter(([, content]) => content.trim() !== '').map(([role, content]) => ({ role, content }));
  }

  /** Caches messages. Idempotent; never throws, because the database has them. */
  async add(taskId: number, messages: readonly (ChatMessage & { messageId: number })[]): Promise<void> {
    const fields = Object.fromEntries(
      messages.map(({ messageId, role, content }) => [messageId, JSON.stringify([role, content] satisfies Stored)]),
    );
    try {
      const key = keys.history(taskId);
      const { historyTtlSeconds } = this.config.chat;
      const replies = await this.redis.commands.pipeline().hset(key, fields).expire(key, historyTtlSeconds).exec();
      const failed = replies?.find(([error]) => error)?.[0];
      if (failed) throw failed;
    } catch (error) {
      this.log.warn(`task ${taskId}: history not kept in Redis: ${(error as Error).message}`);
    }
  }

  /** @returns null when one is missing */
  private async fromRedis(taskId: number, places: readonly number[]): Promise<Stored[] | null> {
    try {
      const texts = await this.redis.commands.hmget(keys.history(taskId), ...places.map(String));
      const known = texts.filter((text) => text !== null);

      return known.length < places.length ? null : known.map((text) => JSON.parse(text) as Stored);
    } catch {
      return null;
    }
  }

  private async rebuild(taskId: number, places: readonly number[]): Promise<Stored[]> {
    const rows = await this.conversations.messages(taskId, places);
    const messages = rows.map((row) =>
      row.role === 'USER'
        ? { messageId: row.messageId, role: 'user' as const, content: row.prompt }
        : { messageId: row.messageId, role: 'assistant' as const, content: row.answer },
    );
    if (messages.length > 0) await this.add(taskId, messages);

    return messages.map(({ role, content }) => [role, content]);
  }
}
