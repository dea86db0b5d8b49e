import { Injectable, Logger } from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';
import { logLine } from '../../infra/database/database-errors.js';
import { keys } from '../../infra/redis/keys.js';
import { RedisClients } from '../../infra/redis/redis-clients.js';

/**
 * Knows which managers of executors live, by how the names of their executors end. Each of them has the workspaces of the
 * tasks that it has worked on: as long as it lives, the next turn of such a task waits for it.
 */
@Injectable()
export class LivingManagers {
  private readonly log = new Logger(LivingManagers.name);
  private readonly waitSeconds: number;

  constructor(
    private readonly redis: RedisClients,
    { executors }: AppConfig,
  ) {
    this.waitSeconds = executors.workspaceWaitSeconds;
  }

  /** Notes that a manager lives. Never throws. */
  async seen(manager: string): Promise<void> {
    const now = Date.now();
    try {
      await this.redis.commands
        .pipeline()
        .zadd(keys.executorManagers, now, manager)
        .zremrangebyscore(keys.executorManagers, 0, this.goneAt(now))
        .exec();
    } catch (error) {
      this.log.debug(`manager ${manager}: not noted as living: ${logLine(error)}`);
    }
  }

  /** Returns the living managers but one; none when Redis is away: then no task waits for its workspace. */
  async others(manager: string | undefined): Promise<string[]> {
    try {
      const living = await this.redis.commands.zrangebyscore(keys.executorManagers, this.goneAt(Date.now()), '+inf');

      return living.filter((each) => each !== manager);
    } catch {
      return [];
    }
  }

  private goneAt(now: number): number {
    return now - this.waitSeconds * 1000;
  }
}
