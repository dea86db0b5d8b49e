import { Injectable } from '@nestjs/common';
import { type Job, UnrecoverableError } from 'bullmq';
import { Counter } from 'prom-client';
import { logLine } from '../../infra/database/database-errors.js';
import { QueueProcessor } from '../../infra/queue/queue-processor.js';
import { QueueWorkers } from '../../infra/queue/queue-workers.js';
import { isTerminal } from '../../tasks/task-status.js';
import {
  DELETION_BACKOFF,
  EXECUTOR_DELETIONS,
  EXECUTOR_JOB_OPTIONS,
  type ExecutorDeletion,
  ExecutorDeletions,
  isExecutorDeletion,
} from './executor-deletions.js';
import { ExecutorManagerClient } from './executor-manager.client.js';
import { ExecutorsRepository } from './executors.repository.js';

const deletionsTotal = new Counter({
  name: 'conch_executor_deletions_total',
  help: 'Executors that were to be deleted, by outcome',
  labelNames: ['outcome'],
});

/** Deletes executors: finds those of a task, then deletes each by a job of its own, repeated until it succeeds. */
@Injectable()
export class ExecutorDeletionsProcessor extends QueueProcessor {
  constructor(
    workers: QueueWorkers,
    private readonly repository: ExecutorsRepository,
    private readonly manager: ExecutorManagerClient,
    private readonly deletions: ExecutorDeletions,
  ) {
    super(workers, EXECUTOR_DELETIONS, { concurrency: 4, backoff: DELETION_BACKOFF });
  }

  async process({ id, data }: Job<unknown>): Promise<void> {
    if (!isExecutorDeletion(data)) throw new UnrecoverableError(`not a deletion: job ${id}`);
    if ('taskId' in data) return this.ofTask(data.taskId);
    await this.ofExecutor(data.executorName);
  }

  private async ofExecutor(name: string): Promise<void> {
    if (!(await this.repository.beginDeletion(name))) {
      this.log.log(`executor ${name}: kept, it works again`);

      return;
    }
    const { answer, reason } = await this.manager.deleteExecutor(name);
    if (answer === 'unreachable') await this.repository.undoDeletion(name);
    if (answer !== 'deleted') throw new Error(reason);
    deletionsTotal.inc({ outcome: 'deleted' });
    this.log.log(`executor ${name}: deleted`);
  }

  private async ofTask(taskId: number): Promise<void> {
    const found = await this.repository.executorsOf(taskId);
    if (!found) return;
    const { taskStatus, autoDelete, names } = found;
    const isDue = taskStatus === 'DELETE' || (autoDelete && isTerminal(taskStatus));
    if (!isDue) throw new Error(`task ${taskId} is ${taskStatus}: its executors are needed still`);
    for (const name of names) await this.deletions.deleteExecutor(name);
  }

  protected override onFailed(job: Job<ExecutorDeletion> | undefined, error: Error): void {
    if (!job || 'taskId' in job.data) return;
    const isLast = job.attemptsMade >= EXECUTOR_JOB_OPTIONS.attempts;
    deletionsTotal.inc({ outcome: isLast ? 'given_up' : 'failed' });
    const next = isLast ? 'given up, delete it by hand' : 'trying again';
    this.log.warn(`executor ${job.data.executorName}: not deleted (${logLine(error)}); ${next}`);
  }
}
