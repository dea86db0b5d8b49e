import { Injectable, Logger } from '@nestjs/common';
import { logLine } from '../../infra/database/database-errors.js';
import type { AppliedUpdate } from '../../tasks/status/apply-reports.js';
import { isTerminal } from '../../tasks/task-status.js';
import { isByExecutor } from '../../tasks/turns/answer-turn.js';
import { TurnsService } from '../../tasks/turns/turns.service.js';
import { ChatRunQueue } from './chat-run-queue.js';

/**
 * Enqueues the runs that go on with pipelines behind steps of executors. The update that has completed such a step has
 * requested the next one; a run that is lost in between is found by the sweep of lost runs.
 */
@Injectable()
export class FollowingRuns {
  private readonly log = new Logger(FollowingRuns.name);

  constructor(
    private readonly turns: TurnsService,
    private readonly queue: ChatRunQueue,
  ) {}

  /** Never throws. @param reports what became of them, committed */
  follow(reports: readonly AppliedUpdate[]): void {
    for (const { turn, status, taskStatus = '', hasExecutors } of reports) {
      const streamId = turn?.subtaskIds[0];
      const mayFollow = status === 'COMPLETED' && !isTerminal(taskStatus);
      if (hasExecutors && mayFollow && streamId !== undefined) void this.enqueue(streamId);
    }
  }

  /** Enqueues the run of a turn whose next answer was requested of direct chat. Changes nothing when it has one. Never throws. */
  async enqueue(streamId: number): Promise<void> {
    try {
      const turn = await this.turns.turnOf(streamId);
      const current = turn?.current;
      if (!current || isByExecutor(current) || !current.runRequestedAt) return;
      await this.queue.enqueue({ subtaskId: streamId, position: turn.runPosition(current) });
    } catch (error) {
      this.log.warn(`subtask ${streamId}: its next step is not queued yet: ${logLine(error)}`);
    }
  }
}
