import { Injectable, Logger } from '@nestjs/common';
import { AppError } from '../common/app-error.js';
import { logLine } from '../infra/database/database-errors.js';
import { TaskUpdatesService } from '../tasks/task-updates.service.js';
import { ChatAdmission } from './chat-admission.js';
import { HandedOver } from './handed-over.js';
import type { RunPlan } from './run-plan.js';
import { RunRegistry } from './run-registry.js';
import { RunStarts } from './run-starts.js';

/** Hands stored answers to the workers. */
@Injectable()
export class RunLaunch {
  private readonly log = new Logger('RunLaunch');

  constructor(
    private readonly handedOver: HandedOver,
    private readonly starts: RunStarts,
    private readonly registry: RunRegistry,
    private readonly admission: ChatAdmission,
    private readonly updates: TaskUpdatesService,
  ) {}

  /**
   * Queues a run. When the queue does not take it the answer ends as failed: an error that the caller sees is better
   * than an answer that starts after the caller has given up.
   * @throws AppError service_unavailable
   */
  async start(plan: RunPlan): Promise<void> {
    const { subtaskId, taskId } = plan;
    this.handedOver.put(plan);
    // First, so that the provider is asked before this process is busy with the queue.
    this.starts.beginIfNext(plan);
    try {
      await this.admission.enqueue({ subtaskId });
    } catch (error) {
      this.log.warn(`task ${taskId} subtask ${subtaskId}: not queued: ${logLine(error)}`);
      this.handedOver.take(subtaskId);
      this.registry.get(subtaskId)?.stop({ kind: 'fenced' });
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
