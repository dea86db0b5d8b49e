import { InjectQueue } from '@nestjs/bullmq';
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { AppError } from '../../common/app-error.js';
import { AppConfig } from '../../config/app-config.js';
import { Lifecycle } from '../../infra/lifecycle.js';
import { RedisClients } from '../../infra/redis/redis-clients.js';
import { RedisMemory } from '../../infra/redis/redis-memory.js';
import { MEMORY_FULL, RETRY_AFTER_SECONDS, unavailable } from './chat-run-queue.js';
import { CHAT_RUNS, type ChatRunJob } from './chat-runs.jobs.js';

/** Limits how many answers run (the queue's global concurrency) and how many wait. */
@Injectable()
export class ChatAdmission implements OnApplicationBootstrap {
  /** Admitted by this process and not in the queue yet. */
  private entering = 0;

  constructor(
    @InjectQueue(CHAT_RUNS) private readonly queue: Queue<ChatRunJob>,
    private readonly redis: RedisClients,
    private readonly memory: RedisMemory,
    private readonly config: AppConfig,
    private readonly lifecycle: Lifecycle,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.queue.setGlobalConcurrency(this.config.chat.maxConcurrent);
  }

  /**
   * Admits one run and stores it by `store`, which receives how many runs a user may have; the caller enqueues it.
   * @throws AppError too_many_chats, service_unavailable, and what `store` throws
   */
  async admit<T>(store: (limit: number) => Promise<T>): Promise<T> {
    if (this.lifecycle.stopping) throw unavailable('This process is stopping: try again');
    if (!this.redis.isReady) throw unavailable('Redis does not answer: no new answers can be started; try again');
    if (await this.memory.isNearlyFull()) throw unavailable(MEMORY_FULL);
    this.entering += 1;
    try {
      await this.checkCapacity(this.entering);

      return await store(this.config.chat.maxRunningPerUser);
    } finally {
      this.entering -= 1;
    }
  }

  /**
   * Suspended runs are delayed jobs, which do not count.
   * @param entering runs that this process is admitting, this one included
   */
  private async checkCapacity(entering: number): Promise<void> {
    const { maxConcurrent, maxQueued } = this.config.chat;
    const known = await this.queue.getJobCountByTypes('waiting', 'active');
    if (known + entering <= maxConcurrent + maxQueued) return;
    throw new AppError(
      'too_many_chats',
      `All ${maxConcurrent} places and the waiting room (${maxQueued}) are full: try again`,
      { retryAfter: RETRY_AFTER_SECONDS, retryable: true },
    );
  }
}
