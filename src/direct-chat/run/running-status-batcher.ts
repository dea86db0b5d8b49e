import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { logLine } from '../../infra/database/database-errors.js';
import { TaskUpdatesService } from '../../tasks/status/task-updates.service.js';

/** Runs that begin within this time are reported together; one that ends before needs no report of its beginning. */
const WINDOW_MS = 100;

/** Tells the database which runs have begun. It only informs, so nobody waits for it, and the first token does not pay. */
@Injectable()
export class RunningStatusBatcher implements OnModuleDestroy {
  private readonly log = new Logger(RunningStatusBatcher.name);
  private readonly begun = new Set<number>();
  private timer: NodeJS.Timeout | null = null;

  constructor(private readonly updates: TaskUpdatesService) {}

  onModuleDestroy(): void {
    this.send();
  }

  /** Reports within a moment that the answer of a subtask is being produced. */
  add(subtaskId: number): void {
    this.begun.add(subtaskId);
    this.timer ??= setTimeout(() => this.send(), WINDOW_MS);
  }

  /** The answer has ended: that is what is reported. */
  forget(subtaskId: number): void {
    this.begun.delete(subtaskId);
  }

  /** Reports at once what waits. */
  send(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    const subtaskIds = [...this.begun];
    this.begun.clear();
    if (subtaskIds.length === 0) return;
    this.updates
      .enqueueAll(subtaskIds.map((subtaskId) => ({ subtaskId, status: 'RUNNING' as const })))
      .catch((error: unknown) =>
        this.log.warn(`subtasks ${subtaskIds.join(', ')}: RUNNING not reported: ${logLine(error)}`),
      );
  }
}
