import { Injectable, Logger } from '@nestjs/common';
import { logLine } from '../../infra/database/database-errors.js';
import { keys } from '../../infra/redis/keys.js';
import { RedisClients } from '../../infra/redis/redis-clients.js';
import { StreamLog } from '../../answer-stream/log/stream-log.js';
import type { AppliedUpdate } from '../../tasks/status/apply-reports.js';
import { isTerminal } from '../../tasks/task-status.js';
import { TurnProjector } from './turn-projector.js';

/**
 * Brings streams up to date after reports on their answers. Progress is written only to streams that are read anywhere:
 * readers that come later get it with their first look, see `StreamWatch`.
 */
@Injectable()
export class ReportedStreams {
  private readonly logger = new Logger(ReportedStreams.name);

  constructor(
    private readonly redis: RedisClients,
    private readonly log: StreamLog,
    private readonly projector: TurnProjector,
  ) {}

  /** Never throws. @param reports what became of them, committed */
  follow(reports: readonly AppliedUpdate[]): void {
    const concerned = reports.filter(({ hasExecutors }) => hasExecutors);
    const ended = streamsOf(
      concerned.filter(({ status, outcome }) => outcome !== 'duplicate' && isTerminal(status ?? '')),
    );
    const changed = streamsOf(concerned.filter(({ outcome }) => outcome === 'applied'));
    const repaired = streamsOf(concerned.filter(({ isRepaired }) => isRepaired));
    for (const id of repaired) void this.beginAnew(id);
    for (const id of ended) if (!repaired.has(id)) void this.projector.sync(id);
    const others = [...changed].filter((id) => !ended.has(id) && !repaired.has(id));
    if (others.length > 0) void this.followRead(others);
  }

  /** An end that was only presumed stands in the log, and nothing can follow it there. */
  private async beginAnew(streamId: number): Promise<void> {
    try {
      await this.log.discard(streamId);
    } catch (error) {
      this.logger.warn(`subtask ${streamId}: its stream keeps the end that was presumed: ${logLine(error)}`);
    }
    await this.projector.sync(streamId);
  }

  private async followRead(streamIds: readonly number[]): Promise<void> {
    try {
      for (const id of await this.read(streamIds)) void this.projector.sync(id);
    } catch (error) {
      // The readers' own watch brings them up to date later.
      this.logger.debug(`${streamIds.length} stream(s) not up to date: ${logLine(error)}`);
    }
  }

  /** Returns the streams that have readers. A node of a cluster knows its own subscribers only. */
  private async read(streamIds: readonly number[]): Promise<readonly number[]> {
    if (this.redis.isCluster) return streamIds;
    const counts = await this.redis.commands.pubsub('NUMSUB', ...streamIds.map((id) => keys.live(id)));

    return streamIds.filter((_id, index) => Number(counts[2 * index + 1]) > 0);
  }
}

/** The streams of turns: named by their first answers. */
function streamsOf(reports: readonly AppliedUpdate[]): Set<number> {
  return new Set(reports.flatMap(({ turn }) => turn?.subtaskIds[0] ?? []));
}
