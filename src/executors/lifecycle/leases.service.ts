import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { Counter } from 'prom-client';
import { AppError, found } from '../../common/app-error.js';
import { AppConfig } from '../../config/app-config.js';
import { MaintenanceTasks } from '../../infra/queue/maintenance-tasks.js';
import { TaskChangePublisher } from '../../tasks/events/task-change.publisher.js';
import { isTerminal } from '../../tasks/task-status.js';
import { TaskUpdatesService } from '../../tasks/status/task-updates.service.js';
import { ExecutorDeletions } from './executor-deletions.js';
import { ExecutorCanceller } from './executor.canceller.js';
import type { HeartbeatDto, LeaseDto } from '../reports/executor-reports.dto.js';
import { type ExecutorSubtask, SubtasksRepository } from '../subtasks.repository.js';

const AT_A_TIME = 500;
const SETTLE_MS = 1_000;
const MIN_INTERVAL_MS = 1_000;
const MAX_INTERVAL_MS = 10_000;

/** Executors that fell silent: their subtask was offered again, cancelled, or is lost. */
const expiriesTotal = new Counter({
  name: 'conch_executor_lease_expiries_total',
  help: 'Leases of executors that ran out, by outcome',
  labelNames: ['outcome'],
});

/** Extends the leases of executors, and ends or dispatches again what executors have lost. */
@Injectable()
export class LeasesService implements OnModuleInit {
  private readonly log = new Logger(LeasesService.name);

  constructor(
    private readonly repository: SubtasksRepository,
    private readonly updates: TaskUpdatesService,
    private readonly canceller: ExecutorCanceller,
    private readonly deletions: ExecutorDeletions,
    private readonly changes: TaskChangePublisher,
    private readonly maintenance: MaintenanceTasks,
    private readonly config: AppConfig,
  ) {}

  /** Leases are checked ten times within the time of a lease. */
  onModuleInit(): void {
    const everyMs = Math.min(Math.max(this.config.executors.leaseSeconds * 100, MIN_INTERVAL_MS), MAX_INTERVAL_MS);
    this.maintenance.register({ name: 'expire-leases', everyMs, run: () => this.expire() });
  }

  /** Extends the lease of an executor that is alive. @throws AppError not_found; subtask_final, lease_lost: it may stop */
  async heartbeat(subtaskId: number, { executor_name: name }: HeartbeatDto): Promise<LeaseDto> {
    const subtask = found(await this.repository.find(subtaskId), `Subtask ${subtaskId}`);
    const { status, taskId, taskStatus, executorName } = subtask;
    if (isTerminal(status) || status === 'DELETE') throw ended(subtask);
    if (status === 'PENDING' || (name && executorName && name !== executorName)) throw lost(subtaskId);
    const { leaseSeconds } = this.config.executors;
    const [lease] = await this.repository.extendLeases([subtaskId], leaseSeconds, ['RUNNING']);
    if (!lease?.expiresAt) throw lost(subtaskId);
    const cancelling = taskStatus === 'CANCELLING';

    return { subtask_id: subtaskId, task_id: taskId, status, lease_expires_at: lease.expiresAt, cancelling };
  }

  /** Ends or requeues every subtask whose lease has run out. One that fails now is found again by the next run. */
  private async expire(): Promise<void> {
    for (const { id } of await this.repository.expired(AT_A_TIME)) {
      const subtask = await this.repository.find(id);
      if (subtask) expiriesTotal.inc({ outcome: await this.expireOne(subtask) });
    }
  }

  private async expireOne(subtask: ExecutorSubtask): Promise<string> {
    const { id, taskId, userId, offers } = subtask;
    if (subtask.taskStatus === 'CANCELLING') {
      await this.canceller.endLost(subtask);

      return 'cancelled';
    }
    if (await this.repository.requeue(id, this.config.executors.maxAttempts)) {
      this.log.warn(`task ${taskId} subtask ${id}: its executor was lost (offer ${offers}); offered again`);
      await this.changes.publish([{ userId, taskId, subtaskIds: [id] }]);

      return 'offered_again';
    }

    return this.giveUp(id);
  }

  /** Reads the subtask again: when it was not requeued its executor may have reported meanwhile, or it has ended. */
  private async giveUp(subtaskId: number): Promise<string> {
    const subtask = await this.repository.find(subtaskId);
    const isLost = subtask?.status === 'RUNNING' && (subtask.leaseExpiresAt?.getTime() ?? 0) < Date.now();
    if (!subtask || !isLost || subtask.taskStatus === 'CANCELLING') return 'recovered';
    const { taskId, offers } = subtask;
    const error = `The executor was not heard of for ${this.config.executors.leaseSeconds} s, ${offers} time(s)`;
    this.log.warn(`task ${taskId} subtask ${subtaskId}: lost (offer ${offers})`);
    const event = { type: 'error', error, code: 'executor_lost', retryable: true } as const;
    await this.updates.settle(
      { subtaskId, status: 'FAILED', errorMessage: error, terminal: { event, seq: 2 } },
      SETTLE_MS,
    );
    await this.deletions.afterEndOf(taskId);

    return 'lost';
  }
}

function ended({ id, status }: ExecutorSubtask): AppError {
  return new AppError('subtask_final', `Subtask ${id} has ended (${status}): stop working on it`);
}

function lost(id: number): AppError {
  return new AppError('lease_lost', `Subtask ${id} is not yours any more: it is offered to others, or another has it`);
}
