import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { Batcher } from '../../common/async/batcher.js';
import { logLine } from '../../infra/database/database-errors.js';
import { TaskUpdatesService } from '../../tasks/status/task-updates.service.js';

/** Runs that start within this time are reported together. A run that ends within it is not reported as RUNNING. */
const DELAY_MS = 100;

/**
 * Reports started runs to the database in batches. Runs do not wait for it, so that the first token is not delayed.
 */
@Injectable()
export class RunningStatusBatcher implements OnModuleDestroy {
  private readonly log = new Logger(RunningStatusBatcher.name);
  /** Subtasks that are not reported yet. */
  private readonly begun = new Set<number>();
  private readonly batcher = new Batcher<number>({ delayMs: DELAY_MS }, (subtaskIds) => this.report(subtaskIds));

  constructor(private readonly updates: TaskUpdatesService) {}

  onModuleDestroy(): Promise<void> {
    return this.flush();
  }

  /** Reports a subtask as RUNNING with the next batch. */
  add(subtaskId: number): void {
    this.begun.add(subtaskId);
    void this.batcher.add([subtaskId]);
  }

  /** Withdraws the pending report of an answer that has ended, as its end is reported. */
  remove(subtaskId: number): void {
    this.begun.delete(subtaskId);
  }

  /** Sends pending reports now. */
  flush(): Promise<void> {
    return this.batcher.flush();
  }

  /** Never throws. */
  private async report(subtaskIds: readonly number[]): Promise<never[]> {
    const begun = subtaskIds.filter((subtaskId) => this.begun.delete(subtaskId));
    try {
      await this.updates.enqueueAll(begun.map((subtaskId) => ({ subtaskId, status: 'RUNNING' as const })));
    } catch (error) {
      this.log.warn(`subtasks ${begun.join(', ')}: RUNNING not reported: ${logLine(error)}`);
    }

    return [];
  }
}
