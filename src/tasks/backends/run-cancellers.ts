import { Injectable } from '@nestjs/common';
import type { SubtaskRow } from '../turns/turns.repository.js';

/** Knows how to stop one kind of run (a direct chat, an executor's work). */
export interface RunCanceller {
  /** Whether this subtask's run is of its kind. */
  handles(subtask: SubtaskRow): boolean;
  /**
   * Asks the run to stop; called again until the subtask has ended.
   * @param requestedAt milliseconds since the epoch
   * @param force the deadline has passed: end it, whoever runs it
   */
  cancel(subtask: SubtaskRow, requestedAt: number, force: boolean): Promise<void>;
}

/** Features that run subtasks say here how to stop them. */
@Injectable()
export class RunCancellers {
  private readonly cancellers: RunCanceller[] = [];

  register(canceller: RunCanceller): void {
    this.cancellers.push(canceller);
  }

  /** Undefined when nothing runs this subtask: it may be ended at once. */
  for(subtask: SubtaskRow): RunCanceller | undefined {
    return this.cancellers.find((canceller) => canceller.handles(subtask));
  }
}
