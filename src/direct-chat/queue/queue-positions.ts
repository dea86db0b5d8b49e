import { InjectQueue } from '@nestjs/bullmq';
import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { RedisClients } from '../../infra/redis/redis-clients.js';
import { StreamHub } from '../../answer-stream/readers/stream-hub.js';
import { StreamLog } from '../../answer-stream/log/stream-log.js';
import { CHAT_RUNS, chatRunJobId, type ChatRunJob, subtaskIdOf } from './chat-runs.jobs.js';

const PUBLISH_EVERY_MS = 250;

/** Publishes the queue positions of waiting runs, as `queued` events of their streams. */
@Injectable()
export class QueuePositions implements OnModuleInit, OnApplicationShutdown {
  private readonly log = new Logger(QueuePositions.name);
  private timer: NodeJS.Timeout | undefined;
  private isPublishing = false;

  constructor(
    @InjectQueue(CHAT_RUNS) private readonly queue: Queue<ChatRunJob>,
    private readonly redis: RedisClients,
    private readonly hub: StreamHub,
    private readonly streams: StreamLog,
  ) {}

  onModuleInit(): void {
    this.timer = setInterval(() => void this.publish(), PUBLISH_EVERY_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /** Returns the position of a waiting run, 1 = next; null when it does not wait. @throws when Redis is unreachable */
  async positionOf(subtaskId: number): Promise<number | null> {
    const index = (await this.waiting()).indexOf(chatRunJobId(subtaskId));

    return index < 0 ? null : index + 1;
  }

  /** Ids of waiting jobs, in the order in which they are dequeued. */
  private waiting(): Promise<string[]> {
    return this.queue.getRanges(['waiting'], 0, -1, true);
  }

  /** Publishes for streams with readers in this process only; others receive their position when a reader attaches. */
  private async publish(): Promise<void> {
    const readHere = new Set(this.hub.remoteIds());
    if (readHere.size === 0 || this.isPublishing || !this.redis.isReady) return;
    this.isPublishing = true;
    try {
      const positions = (await this.waiting())
        .map((jobId, index) => ({ subtaskId: subtaskIdOf(jobId) ?? 0, position: index + 1 }))
        .filter(({ subtaskId }) => readHere.has(subtaskId));
      await this.streams.publishPositions(positions);
    } catch (error) {
      this.log.debug(`positions not published: ${(error as Error).message}`);
    } finally {
      this.isPublishing = false;
    }
  }
}
