import { Injectable } from '@nestjs/common';
import { AppError, found } from '../../common/app-error.js';
import { AppConfig } from '../../config/app-config.js';
import { isTerminal } from '../../tasks/task-status.js';
import type { HeartbeatDto, LeaseDto } from '../reports/executor-reports.dto.js';
import { type ExecutorSubtask, SubtasksRepository } from '../subtasks.repository.js';

/** Renews the leases of executors that are alive. Those that end are for {@link LeaseExpiry}. */
@Injectable()
export class LeasesService {
  constructor(
    private readonly repository: SubtasksRepository,
    private readonly config: AppConfig,
  ) {}

  /**
   * Renews the lease of an executor that says that it is alive, and expects it to go on saying so: from its first beat on
   * the short lease counts.
   * @throws AppError not_found; subtask_final, lease_lost: it may stop
   */
  async beat(subtaskId: number, { executor_name: name }: HeartbeatDto): Promise<LeaseDto> {
    const subtask = found(await this.repository.find(subtaskId), `Subtask ${subtaskId}`);
    const { status, taskId, taskStatus, executorName } = subtask;
    if (isTerminal(status) || status === 'DELETE') throw ended(subtask);
    if (status === 'PENDING' || (name && executorName && name !== executorName)) throw lost(subtaskId);
    const expiresAt = await this.repository.beat(subtaskId, this.config.executors.leaseSeconds);
    if (!expiresAt) throw lost(subtaskId);
    const cancelling = taskStatus === 'CANCELLING';

    return { subtask_id: subtaskId, task_id: taskId, status, lease_expires_at: expiresAt, cancelling };
  }
}

function ended({ id, status }: ExecutorSubtask): AppError {
  return new AppError('subtask_final', `Subtask ${id} has ended (${status}): stop working on it`);
}

function lost(id: number): AppError {
  return new AppError('lease_lost', `Subtask ${id} is not yours any more: it is offered to others, or another has it`);
}
