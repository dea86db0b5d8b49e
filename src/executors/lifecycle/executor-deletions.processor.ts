import { OnWorkerEvent, Processor, WorkerHost } from '@nestjs/bullmq';
import { Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { type Job, UnrecoverableError } from 'bullmq';
import { AppConfig } from '../../config/app-config.js';
import { logLine } from '../../infra/database/database-errors.js';
import { isOutage } from '../../infra/queue/queue-errors.js';
import { WORKER_OPTIONS } from '../../infra/queue/worker-options.js';
import { isTerminal } from '../../tasks/task-status.js';
import { ExecutorDeletions } from './executor-deletions.js';
import {
  deletionBackoff,
  EXECUTOR_DELETIONS,
  EXECUTOR_JOB_OPTIONS,
  type ExecutorDeletion,
  isExecutorDeletion,
} from './executor-deletions.jobs.js';
import { ExecutorManagerClient } from './executor-manager.client.js';
import { deletionsTotal } from '../executor-metrics.js';
import { SubtasksRepository } from '../subtasks.repository.js';

const OPTIONS = { ...WORKER_OPTIONS, concurrency: 4, settings: { backoffStrategy: deletionBackoff } };

/** Deletes executors: first finds out which of a task, then each by a job of its own, repeated until it worked. */
@Processor(EXECUTOR_DELETIONS, OPTIONS)
export class ExecutorDeletionsProcessor extends WorkerHost implements OnApplicationBootstrap {
  private readonly log = new Logger(ExecutorDeletionsProcessor.name);

  constructor(
    private readonly repository: SubtasksRepository,
    private readonly manager: ExecutorManagerClient,
    private readonly deletions: ExecutorDeletions,
    private readonly config: AppConfig,
  ) {
    super();
  }

  onApplicationBootstrap(): void {
    if (this.config.roles.has('worker')) void this.worker.run();
  }

  async process({ id, data }: Job<unknown>): Promise<void> {
    if (!isExecutorDeletion(data)) throw new UnrecoverableError(`not a deletion: job ${id}`);
    if ('taskId' in data) return this.ofTask(data.taskId);
    await this.manager.deleteExecutor(data.executorName);
    deletionsTotal.inc({ outcome: 'deleted' });
    this.log.log(`executor ${data.executorName}: deleted`);
  }

  private async ofTask(taskId: number): Promise<void> {
    const found = await this.repository.executorsOf(taskId);
    if (!found) return;
    const { taskStatus, autoDelete, names } = found;
    const isDue = taskStatus === 'DELETE' || (autoDelete && isTerminal(taskStatus));
    if (!isDue) throw new Error(`task ${taskId} is ${taskStatus}: its executors are needed still`);
    for (const name of names) await this.deletions.deleteExecutor(name);
  }

  @OnWorkerEvent('error')
  onError(error: Error): void {
    if (!isOutage(error)) this.log.warn(`worker: ${logLine(error)}`);
  }

  @OnWorkerEvent('failed')
  onFailed(job: Job<ExecutorDeletion> | undefined, error: Error): void {
    if (!job || 'taskId' in job.data) return;
    const isLast = job.attemptsMade >= EXECUTOR_JOB_OPTIONS.attempts;
    deletionsTotal.inc({ outcome: isLast ? 'given_up' : 'failed' });
    const next = isLast ? 'given up, delete it by hand' : 'trying again';
    this.log.warn(`executor ${job.data.executorName}: not deleted (${logLine(error)}); ${next}`);
  }
}
