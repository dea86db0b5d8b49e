import { Injectable } from '@nestjs/common';
import { Counter } from 'prom-client';
import { AppError, found } from '../../common/app-error.js';
import { ExecutorCanceller } from '../lifecycle/executor.canceller.js';
import { LeaseExpiry } from '../lifecycle/lease-expiry.js';
import { type ExecutorSubtask, SubtasksRepository } from '../subtasks.repository.js';
import type { ReleaseDto, ReleasedDto } from './managed-tasks.dto.js';

const releasesTotal = new Counter({
  name: 'conch_executor_releases_total',
  help: 'Subtasks that their manager has given back, by outcome',
  labelNames: ['outcome'],
});

/** Takes back subtasks whose executor their manager knows to be lost, without waiting for the lease. */
@Injectable()
export class ReleasesService {
  constructor(
    private readonly repository: SubtasksRepository,
    private readonly canceller: ExecutorCanceller,
    private readonly expiry: LeaseExpiry,
  ) {}

  /** Offers a subtask again, or ends it when that was tried often enough. @throws AppError not_found; lease_lost when another executor has it */
  async release(subtaskId: number, { executor_name: name, reason }: ReleaseDto): Promise<ReleasedDto> {
    const subtask = found(await this.repository.find(subtaskId), `Subtask ${subtaskId}`);
    if (name && subtask.executorName && name !== subtask.executorName)
      throw new AppError('lease_lost', `Subtask ${subtaskId} is not yours any more: another executor has it`);
    const { status, taskStatus } = subtask;
    const outcome =
      status === 'RUNNING' && taskStatus !== 'CANCELLING'
        ? await this.releaseRunning(subtask, reason)
        : await this.endCancelled(subtask);
    releasesTotal.inc({ outcome });

    return { subtask_id: subtaskId, outcome };
  }

  private async endCancelled(subtask: Parameters<ExecutorCanceller['endLost']>[0] & { taskStatus: string }) {
    if (subtask.taskStatus === 'CANCELLING' && subtask.status === 'RUNNING') await this.canceller.endLost(subtask);

    return subtask.status === 'PENDING' ? 'offered_again' : 'ended';
  }

  private async releaseRunning(subtask: ExecutorSubtask, reason: string): Promise<ReleasedDto['outcome']> {
    await this.repository.endLease(subtask);
    const outcome = await this.expiry.offerAgain(subtask, reason, false);

    return outcome === 'offered_again' ? outcome : outcome === 'lost' ? 'failed' : 'ended';
  }
}
