import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { keys } from '../../infra/redis/keys.js';
import { RedisClients } from '../../infra/redis/redis-clients.js';
import { CHAT_RUNS, chatRunJobId, subtaskIdOf } from './chat-runs.jobs.js';
import { StreamHub } from '../stream/stream-hub.js';
import { StreamLog } from '../stream/stream-log.js';

const TICK_MS = 250;

/** Tells those who wait for a free place which place in the queue they have. */
@Injectable()
export class QueuePositions implements OnModuleInit, OnApplicationShutdown {
  private readonly log = new Logger(QueuePositions.name);
  private timer: NodeJS.Timeout | undefined;
  private busy = false;

  constructor(
    private readonly redis: RedisClients,
    private readonly hub: StreamHub,
    private readonly streams: StreamLog,
  ) {}

  onModuleInit(): void {
    this.timer = setInterval(() => void this.tick(), TICK_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /** Runs that wait or are worked on, in the whole cluster. */
  async count(): Promise<number> {
    const { commands } = this.redis;
    const counted = commands.pipeline().llen(keys.queueWaiting(CHAT_RUNS)).llen(keys.queueActive(CHAT_RUNS)).exec();
    const [waiting, active] = (await counted) ?? [];
    const error = waiting?.[0] ?? active?.[0];
    if (error) throw error;

    return Number(waiting?.[1]) + Number(active?.[1]);
  }

  /** The place of a run that waits, 1 = next; null when it does not. @throws when Redis is away */
  async placeOf(subtaskId: number): Promise<number | null> {
    const index = (await this.waiting()).indexOf(chatRunJobId(subtaskId));

    return index < 0 ? null : index + 1;
  }

  /** Job ids in the order in which they are taken: the queue takes from the right end of its list. */
  private async waiting(): Promise<string[]> {
    return (await this.redis.commands.lrange(keys.queueWaiting(CHAT_RUNS), 0, -1)).reverse();
  }

  /** Only streams that somebody reads here are told; the others see their place when they are attached to. */
  private async tick(): Promise<void> {
    const readHere = new Set(this.hub.remoteIds());
    if (readHere.size === 0 || this.busy || !this.redis.isReady) return;
    this.busy = true;
    try {
      const places = (await this.waiting())
        .map((jobId, index) => ({ subtaskId: subtaskIdOf(jobId) ?? 0, position: index + 1 }))
        .filter(({ subtaskId }) => readHere.has(subtaskId));
      await this.streams.announce(places);
    } catch (error) {
      this.log.debug(`places not announced: ${(error as Error).message}`);
    } finally {
      this.busy = false;
    }
  }
}
