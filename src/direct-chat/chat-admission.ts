import { InjectQueue } from '@nestjs/bullmq';
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../common/app-error.js';
import { AppConfig } from '../config/app-config.js';
import { Lifecycle } from '../infra/lifecycle.js';
import { RedisClients } from '../infra/redis/redis-clients.js';
import { TurnsService } from '../tasks/turns.service.js';
import { CHAT_RUN_OPTIONS, CHAT_RUNS, chatRunJobId, type ChatRunJob } from './chat-runs.jobs.js';
import { QueuePlaces } from './queue-places.js';

const RETRY_AFTER_SECONDS = 5;
const ADD_TIMEOUT_MS = 2_000;
const AWAY = 'Redis does not answer: no new answers can be started; try again';

/** The door of direct chat: the waiting room, the limit per user, and the queue behind them. */
@Injectable()
export class ChatAdmission implements OnApplicationBootstrap {
  /** Admitted by this process but not in the queue yet. */
  private entering = 0;

  constructor(
    @InjectQueue(CHAT_RUNS) private readonly queue: Queue<ChatRunJob>,
    private readonly places: QueuePlaces,
    private readonly turns: TurnsService,
    private readonly redis: RedisClients,
    private readonly config: AppConfig,
    private readonly lifecycle: Lifecycle,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.queue.setGlobalConcurrency(this.config.chat.maxConcurrent);
  }

  /**
   * Lets one run of a user in, around `store`, which makes it durable.
   * @throws AppError too_many_chats, too_many_running_tasks, service_unavailable
   */
  async admit<T>(userId: number, store: () => Promise<T>): Promise<T> {
    if (this.lifecycle.stopping) throw unavailable('This process is stopping: try again');
    if (!this.redis.isReady) throw unavailable(AWAY);
    this.entering += 1;
    try {
      await this.check(userId);

      return await store();
    } finally {
      this.entering -= 1;
    }
  }

  private async check(userId: number): Promise<void> {
    const { maxConcurrent, maxQueued, maxRunningPerUser } = this.config.chat;
    const [present, running] = await Promise.all([this.places.count(), this.turns.countRuns(userId)]);
    if (present + this.entering > maxConcurrent + maxQueued) {
      throw new AppError('too_many_chats', `All ${maxConcurrent} places and the waiting room (${maxQueued}) are full: try again`, {
        retryAfter: RETRY_AFTER_SECONDS,
        retryable: true,
      });
    }
    if (running >= maxRunningPerUser) {
      throw new AppError('too_many_running_tasks', `You have ${running} running answers; ${maxRunningPerUser} are possible at a time`, {
        retryAfter: RETRY_AFTER_SECONDS,
        retryable: true,
      });
    }
  }

  /** Puts a stored run into the queue; a run that is there already stays one. @throws AppError service_unavailable */
  async enqueue(run: ChatRunJob): Promise<void> {
    const add = this.queue.add('run', run, { ...CHAT_RUN_OPTIONS, jobId: chatRunJobId(run.subtaskId) });
    const timer = new AbortController();
    const late = sleep(ADD_TIMEOUT_MS, undefined, { signal: timer.signal }).then(() => Promise.reject(new Error('the queue does not answer')));
    try {
      await Promise.race([add, late]);
    } catch (error) {
      throw unavailable(AWAY, error);
    } finally {
      timer.abort();
      late.catch(() => undefined);
    }
  }
}

function unavailable(message: string, cause?: unknown): AppError {
  return new AppError('service_unavailable', message, { cause, retryAfter: RETRY_AFTER_SECONDS, retryable: true });
}
