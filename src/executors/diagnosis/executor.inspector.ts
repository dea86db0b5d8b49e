import { Injectable, type OnModuleInit } from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';
import {
  type Findings,
  type Inspected,
  type RunInspector,
  RunInspectors,
} from '../../tasks/backends/run-inspectors.js';
import { CancelAcks } from '../lifecycle/cancel-acks.js';
import { executorFindings } from './executor-findings.js';
import { DispatchOrderRepository } from '../dispatch/dispatch-order.repository.js';

/** Looks at subtasks that executors answer: on offer, handed out or lost. */
@Injectable()
export class ExecutorInspector implements RunInspector, OnModuleInit {
  constructor(
    private readonly inspectors: RunInspectors,
    private readonly lanes: DispatchOrderRepository,
    private readonly acks: CancelAcks,
    private readonly config: AppConfig,
  ) {}

  onModuleInit(): void {
    this.inspectors.register(this);
  }

  handles(subtask: Inspected['subtask']): boolean {
    return subtask.lane !== null;
  }

  async inspect({ subtask, task }: Inspected): Promise<Findings> {
    const { leaseSeconds, maxAttempts } = this.config.executors;
    const position = subtask.status === 'PENDING' ? await this.lanes.placeOf(subtask) : null;
    const acked = task.status === 'CANCELLING' && (await this.acks.has(subtask.id));
    const cancel = acked ? 'acknowledged' : task.status === 'CANCELLING' ? 'asked' : 'none';

    return executorFindings(subtask, { position, cancel, leaseSeconds, maxAttempts, now: Date.now() });
  }
}
