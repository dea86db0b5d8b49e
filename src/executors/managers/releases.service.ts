import { Injectable, Logger } from '@nestjs/common';
import { Counter } from 'prom-client';
import { AppError, found } from '../../common/app-error.js';
import { AppConfig } from '../../config/app-config.js';
import { TaskChangePublisher } from '../../tasks/events/task-change.publisher.js';
import { TaskUpdatesService } from '../../tasks/status/task-updates.service.js';
import { ExecutorCanceller } from '../lifecycle/executor.canceller.js';
import { ExecutorDeletions } from '../lifecycle/executor-deletions.js';
import { SubtasksRepository } from '../subtasks.repository.js';
import type { ReleaseDto, ReleasedDto } from './managed-tasks.dto.js';

const SETTLE_MS = 1_000;
/** A lease that ends then has expired for every clock. */
const EXPIRED_SECONDS = -1;

const releasesTotal = new Counter({
  name: 'conch_executor_releases_total',
  help: 'Subtasks that their manager has given back, by outcome',
  labelNames: ['outcome'],
});

/** Takes back subtasks whose executor their manager knows to be lost, without waiting for the lease. */
@Injectable()
export class ReleasesService {
  private readonly log = new Logger(ReleasesService.name);

  constructor(
    private readonly repository: SubtasksRepository,
    private readonly updates: TaskUpdatesService,
    private readonly canceller: ExecutorCanceller,
    private readonly deletions: ExecutorDeletions,
    private readonly changes: TaskChangePublisher,
    private readonly config: AppConfig,
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

  private async releaseRunning(
    subtask: { id: number; taskId: number; userId: number; offers: number },
    reason: string,
  ): Promise<ReleasedDto['outcome']> {
    const { id, taskId, userId, offers } = subtask;
    const { maxAttempts } = this.config.executors;
    await this.repository.extendLeases([id], EXPIRED_SECONDS, ['RUNNING']);
    if (await this.repository.requeue(id, maxAttempts)) {
      this.log.warn(`task ${taskId} subtask ${id}: given back (offer ${offers}): ${reason}; offered again`);
      await this.changes.publish([{ userId, taskId, subtaskIds: [id] }]);

      return 'offered_again';
    }
    const error = `${reason} (attempt ${offers} of ${maxAttempts})`;
    this.log.warn(`task ${taskId} subtask ${id}: lost: ${error}`);
    const event = { type: 'error', error, code: 'executor_lost', retryable: true } as const;
    await this.updates.settle(
      { subtaskId: id, status: 'FAILED', errorMessage: error, terminal: { event, seq: 2 } },
      SETTLE_MS,
    );
    await this.deletions.afterEndOf(taskId);

    return 'failed';
  }
}
