import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { StreamLog } from '../../answer-stream/log/stream-log.js';
import { StreamHub } from '../../answer-stream/readers/stream-hub.js';
import { logLine } from '../../infra/database/database-errors.js';
import { RedisClients } from '../../infra/redis/redis-clients.js';
import { DispatchRepository } from '../dispatch/dispatch.repository.js';
import { TurnProjector } from './turn-projector.js';

const POSITIONS_EVERY_MS = 500;
/** How many rounds of positions apart all streams are brought up to date: 5 s. */
const SYNC_EVERY = 10;

/**
 * Looks after the streams of executors' answers that are read in this process: shows their positions while they wait, and
 * brings them up to date when a process has died, or Redis has lost its data, before that was done.
 */
@Injectable()
export class StreamWatch implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger(StreamWatch.name);
  private readonly watched = new Set<number>();
  private timer: NodeJS.Timeout | undefined;
  private round = 0;
  private isBusy = false;

  constructor(
    private readonly hub: StreamHub,
    private readonly log: StreamLog,
    private readonly redis: RedisClients,
    private readonly repository: DispatchRepository,
    private readonly projector: TurnProjector,
  ) {}

  onModuleInit(): void {
    this.timer = setInterval(() => void this.look(), POSITIONS_EVERY_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /** Watches a stream while it has readers here. Called when it has one, so that nothing falls between log and channel. */
  add(streamId: number): void {
    this.watched.add(streamId);
    void this.projector.sync(streamId);
  }

  /** Brings a stream up to date, for a look at it. Never throws. */
  refresh(streamId: number): Promise<void> {
    return this.projector.sync(streamId);
  }

  private async look(): Promise<void> {
    if (this.isBusy || !this.redis.isReady) return;
    for (const id of this.watched) if (!this.hub.isRead(id)) this.watched.delete(id);
    if (this.watched.size === 0) return;
    this.isBusy = true;
    this.round += 1;
    try {
      await this.log.publishPositions(await this.repository.positionsOf([...this.watched]));
      if (this.round % SYNC_EVERY === 0) await Promise.all([...this.watched].map((id) => this.projector.sync(id)));
    } catch (error) {
      this.logger.debug(`positions not published: ${logLine(error)}`);
    } finally {
      this.isBusy = false;
    }
  }
}
