import { Injectable } from '@nestjs/common';
import { keys } from '../../infra/redis/keys.js';
import { RedisClients } from '../../infra/redis/redis-clients.js';
import type { TaskChange } from './task-change.publisher.js';
import type { LoggedChange } from './task-event.js';

/** Changes per user that the log keeps; clients that are further behind start from a snapshot. */
const MAX_ENTRIES = 2000;
/** Seconds that the log lives after the newest change. */
const TTL_SECONDS = 3600;

/**
 * Appends changes and notifies the readers.
 * KEYS log. ARGV ttl, most entries, channel, then task id and subtask ids per change.
 */
const APPEND = `
for i = 4, #ARGV, 2 do
  redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[2], '*', 't', ARGV[i], 's', ARGV[i + 1])
end
redis.call('EXPIRE', KEYS[1], ARGV[1])
redis.call('PUBLISH', ARGV[3], '')
return 1
`;

/**
 * Returns the id of the newest entry. An empty log gets an empty entry: a position is always that of an entry, so that
 * its absence shows that the log was trimmed or lost since.
 * KEYS log. ARGV ttl.
 */
const LAST_ID = `
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
local id = last[1] and last[1][1] or redis.call('XADD', KEYS[1], '*', 't', 0, 's', '')
redis.call('EXPIRE', KEYS[1], ARGV[1])
return id
`;

type Scripts = Record<'appendTaskEvents' | 'lastTaskEvent', (...args: (string | number)[]) => Promise<unknown>>;

/**
 * Log of the changes of each user's tasks, in the order of the commits or later: the only class that knows how it is stored.
 *
 * Entries hold ids, never rows. A reader of an entry reads the rows after it, and so finds the change or a newer
 * one, in whatever order several processes append their changes.
 */
@Injectable()
export class TaskEventLog {
  private readonly scripts: Scripts;

  constructor(private readonly redis: RedisClients) {
    redis.commands.defineCommand('appendTaskEvents', { lua: APPEND, numberOfKeys: 1 });
    redis.commands.defineCommand('lastTaskEvent', { lua: LAST_ID, numberOfKeys: 1 });
    this.scripts = redis.commands as unknown as Scripts;
  }

  /** Appends the changes, one call per user. @throws when Redis is away */
  async append(changes: readonly TaskChange[]): Promise<void> {
    const byUser = new Map<number, (string | number)[]>();
    for (const { userId, taskId, subtaskIds } of changes) {
      const args = byUser.get(userId) ?? [];
      args.push(taskId, subtaskIds.join(','));
      byUser.set(userId, args);
    }
    const calls = [...byUser].map(([userId, args]) =>
      this.scripts.appendTaskEvents(
        keys.taskEvents(userId),
        TTL_SECONDS,
        MAX_ENTRIES,
        keys.taskEventsLive(userId),
        ...args,
      ),
    );
    await Promise.all(calls);
  }

  /** Returns the position of the newest change. @throws when Redis is away */
  async lastPosition(userId: number): Promise<string> {
    return String(await this.scripts.lastTaskEvent(keys.taskEvents(userId), TTL_SECONDS));
  }

  /**
   * Returns the next changes after a position, at most `count`; empty when there are none.
   * @returns null when the log does not have the position (any more)
   * @throws when Redis is away
   */
  async after(userId: number, position: string, count: number): Promise<LoggedChange[] | null> {
    const entries = await this.redis.commands.xrange(keys.taskEvents(userId), position, '+', 'COUNT', count + 1);
    if (entries[0]?.[0] !== position) return null;

    return entries.slice(1).map(([id, fields]) => toChange(id, fields));
  }
}

function toChange(id: string, [, taskId, , subtaskIds = '']: string[]): LoggedChange {
  return { id, taskId: Number(taskId), subtaskIds: subtaskIds === '' ? [] : subtaskIds.split(',').map(Number) };
}
