import { InjectQueue } from '@nestjs/bullmq';
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { AppError } from '../../common/app-error.js';
import { AppConfig } from '../../config/app-config.js';
import { Lifecycle } from '../../infra/lifecycle.js';
import { RedisClients } from '../../infra/redis/redis-clients.js';
import { CHAT_RUNS, type ChatRunJob } from './chat-runs.jobs.js';
import { QueuePositions } from './queue-positions.js';
import { RETRY_AFTER_SECONDS, ChatRunQueue, unavailable } from './chat-run-queue.js';

/** How long a count of the queue is good for, and the part of the free places that is given out on it. */
const COUNT_MS = 250;
const UNASKED_SHARE = 1 / 16;

/** The door of direct chat: who gets into the waiting room. */
@Injectable()
export class ChatAdmission implements OnApplicationBootstrap {
  /** Admitted by this process but not in the queue yet. */
  private entering = 0;
  /** Places that may be given out without counting again: far from the limit the count need not be exact. */
  private unasked = { places: 0, until: 0 };
  /** Runs in the queue as of the newest count, and all that were let in since. */
  private atMost = 0;

  constructor(
    @InjectQueue(CHAT_RUNS) private readonly queue: Queue<ChatRunJob>,
    private readonly places: QueuePositions,
    private readonly redis: RedisClients,
    private readonly config: AppConfig,
    private readonly lifecycle: Lifecycle,
    private readonly runs: ChatRunQueue,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.queue.setGlobalConcurrency(this.config.chat.maxConcurrent);
  }

  /**
   * Lets one run in, around `store`, which makes it durable and is told how many a user may have.
   * @throws AppError too_many_chats, service_unavailable
   */
  async admit<T>(store: (limit: number) => Promise<T>): Promise<T> {
    if (this.lifecycle.stopping) throw unavailable('This process is stopping: try again');
    if (!this.redis.isReady) throw unavailable('Redis does not answer: no new answers can be started; try again');
    this.entering += 1;
    try {
      await this.checkRoom();

      return await store(this.config.chat.maxRunningPerUser);
    } finally {
      this.entering -= 1;
    }
  }

  /** Whether all runs that were let in have a place and none waits, as far as other processes let none in. */
  get hasPlaces(): boolean {
    return this.atMost <= this.config.chat.maxConcurrent;
  }

  private async checkRoom(): Promise<void> {
    const { maxConcurrent, maxQueued } = this.config.chat;
    if (this.unasked.places > 0 && Date.now() < this.unasked.until) {
      this.unasked.places -= 1;
      this.atMost += 1;

      return;
    }
    const takenBefore = this.runs.taken;
    const counted = (await this.places.count()) + this.entering + this.runs.unknown;
    // What the queue has taken just after it counted is not unknown any more, and not counted either.
    this.atMost = counted + this.runs.taken - takenBefore;
    const free = maxConcurrent + maxQueued - counted;
    this.unasked = { places: Math.floor(free * UNASKED_SHARE), until: Date.now() + COUNT_MS };
    if (free >= 0) return;
    throw new AppError(
      'too_many_chats',
      `All ${maxConcurrent} places and the waiting room (${maxQueued}) are full: try again`,
      {
        retryAfter: RETRY_AFTER_SECONDS,
        retryable: true,
      },
    );
  }
}
