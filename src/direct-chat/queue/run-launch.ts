import { Injectable, Logger } from '@nestjs/common';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { AppError } from '../../common/app-error.js';
import { logLine } from '../../infra/database/database-errors.js';
import { TaskUpdatesService } from '../../tasks/status/task-updates.service.js';
import { HandedOver } from '../plan/handed-over.js';
import type { RunPlan } from '../plan/run-plan.js';
import { ChatRunQueue } from './chat-run-queue.js';
import { RunStarts } from './run-starts.js';

/** Hands stored answers to the workers. */
@Injectable()
export class RunLaunch {
  private readonly log = new Logger(RunLaunch.name);

  constructor(
    private readonly handedOver: HandedOver,
    private readonly starts: RunStarts,
    private readonly queue: ChatRunQueue,
    private readonly updates: TaskUpdatesService,
  ) {}

  /**
   * Begins a run, or queues it. When the queue does not take it the answer ends as failed: an error that the caller sees
   * is better than an answer that starts after the caller has given up.
   * @throws AppError service_unavailable
   */
  async start(plan: RunPlan): Promise<void> {
    const { subtaskId, taskId } = plan;
    this.handedOver.put(plan);
    const begun = this.starts.beginIfNext(plan);
    if (begun) {
      this.queue.addSoon(begun);

      // The request to the provider goes out in this turn of the event loop; what the caller is sent can wait for the next.
      return nextTurn();
    }
    try {
      await this.queue.add({ subtaskId });
    } catch (error) {
      this.log.warn(`task ${taskId} subtask ${subtaskId}: not queued: ${logLine(error)}`);
      this.handedOver.take(subtaskId);
      const { message } = error as AppError;
      const event = { type: 'error' as const, error: message, code: 'service_unavailable', retryable: true };
      await this.updates.settle(
        { subtaskId, status: 'FAILED', errorMessage: message, terminal: { event, seq: 1 } },
        2000,
      );
      throw error;
    }
  }
}
