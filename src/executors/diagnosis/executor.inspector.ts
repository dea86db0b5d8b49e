import { Injectable } from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';
import type { AnswerInspection, Findings } from '../../tasks/diagnosis/findings.js';
import { CancelAcks } from '../lifecycle/cancel-acks.js';
import { executorFindings } from './executor-findings.js';
import { DispatchOrderRepository } from '../dispatch/dispatch-order.repository.js';

/** Finds out how a subtask of executors is doing: waiting for one, claimed by one, or lost. */
@Injectable()
export class ExecutorInspector {
  constructor(
    private readonly order: DispatchOrderRepository,
    private readonly acks: CancelAcks,
    private readonly config: AppConfig,
  ) {}

  /** See `AnswerBackend.inspect`. */
  async inspect({ subtask, task }: AnswerInspection): Promise<Findings> {
    const { leaseSeconds, maxAttempts } = this.config.executors;
    const position = subtask.status === 'PENDING' ? await this.order.placeOf(subtask) : null;
    const acked = task.status === 'CANCELLING' && (await this.acks.has(subtask.id));
    const cancel = acked ? 'acknowledged' : task.status === 'CANCELLING' ? 'asked' : 'none';

    return executorFindings(subtask, { position, cancel, leaseSeconds, maxAttempts, now: Date.now() });
  }
}
