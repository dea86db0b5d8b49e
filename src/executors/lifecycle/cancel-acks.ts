import { Injectable } from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';
import { keys } from '../../infra/redis/keys.js';
import { RedisClients } from '../../infra/redis/redis-clients.js';

const MARGIN_SECONDS = 600;

/** Which cancels the executor manager has acknowledged: known to every process that repeats them. */
@Injectable()
export class CancelAcks {
  private readonly ttlSeconds: number;

  constructor(
    private readonly redis: RedisClients,
    { tasks }: AppConfig,
  ) {
    this.ttlSeconds = tasks.cancelDeadlineSeconds + MARGIN_SECONDS;
  }

  /** Without Redis it is asked again, which does no harm. */
  async has(subtaskId: number): Promise<boolean> {
    const value = await this.redis.commands.get(keys.executorCancelAck(subtaskId)).catch(() => null);

    return value !== null;
  }

  async add(subtaskId: number): Promise<void> {
    await this.redis.commands.set(keys.executorCancelAck(subtaskId), '1', 'EX', this.ttlSeconds).catch(() => null);
  }
}
