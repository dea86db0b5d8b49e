import { Injectable, Logger } from '@nestjs/common';
import type { ChatMessage } from '../../common/chat-provider.js';
import { AppConfig } from '../../config/app-config.js';
import { keys } from '../../infra/redis/keys.js';
import { RedisClients } from '../../infra/redis/redis-clients.js';
import { TurnsService } from '../../tasks/turns/turns.service.js';

type Stored = readonly [role: ChatMessage['role'], content: string];

/** Caches the conversations of tasks in Redis, and rebuilds an incomplete one from the database. */
@Injectable()
export class SessionHistory {
  private readonly log = new Logger(SessionHistory.name);

  constructor(
    private readonly redis: RedisClients,
    private readonly turns: TurnsService,
    private readonly config: AppConfig,
  ) {}

  /** Returns the messages before message `messageId`, oldest first, without empty ones. */
  async before(taskId: number, messageId: number): Promise<ChatMessage[]> {
    const wanted = messageId - 1;
    if (wanted === 0) return [];
    const messages = (await this.fromRedis(taskId, wanted)) ?? (await this.rebuild(taskId, messageId));

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

  /** Returns the messages 1..`wanted`; null when one is missing. */
  private async fromRedis(taskId: number, wanted: number): Promise<Stored[] | null> {
    try {
      const fields = await this.redis.commands.hgetall(keys.history(taskId));
      const messages: Stored[] = [];
      for (let id = 1; id <= wanted; id += 1) {
        const json = fields[id];
        if (json === undefined) return null;
        messages.push(JSON.parse(json) as Stored);
      }

      return messages;
    } catch {
      return null;
    }
  }

  private async rebuild(taskId: number, messageId: number): Promise<Stored[]> {
    const rows = await this.turns.conversation(taskId, messageId);
    const messages = rows.map((row) =>
      row.role === 'USER'
        ? { messageId: row.messageId, role: 'user' as const, content: row.prompt }
        : { messageId: row.messageId, role: 'assistant' as const, content: row.answer },
    );
    if (messages.length > 0) await this.add(taskId, messages);

    return messages.map(({ role, content }) => [role, content]);
  }
}
