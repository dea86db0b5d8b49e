import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { Batcher } from '../../common/batcher.js';
import { logLine } from '../../infra/database/database-errors.js';
import { TaskUpdatesService } from '../../tasks/status/task-updates.service.js';

/** Runs that begin within this time are reported together; one that ends before needs no report of its beginning. */
const DELAY_MS = 100;

/**
 * Reports to the database which runs have begun. The report only informs: no caller waits for it, and it costs the first
 * token nothing.
 */
@Injectable()
export class RunningStatusBatcher implements OnModuleDestroy {
  private readonly log = new Logger(RunningStatusBatcher.name);
  /** Not reported yet. */
  private readonly begun = new Set<number>();
  private readonly batcher = new Batcher<number>({ delayMs: DELAY_MS }, (subtaskIds) => this.report(subtaskIds));

  constructor(private readonly updates: TaskUpdatesService) {}

  onModuleDestroy(): Promise<void> {
    return this.flush();
  }

  /** Reports within a moment that the answer of a subtask is being produced. */
  add(subtaskId: number): void {
    this.begun.add(subtaskId);
    void this.batcher.add([subtaskId]);
  }

  /** Withdraws a report that was not made yet: the answer has ended, and that is what is reported. */
  forget(subtaskId: number): void {
    this.begun.delete(subtaskId);
  }

  /** Reports at once what waits, and resolves when that is done. */
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
