import { InjectQueue } from '@nestjs/bullmq';
import { Injectable, Logger } from '@nestjs/common';
import { OnEvent } from '@nestjs/event-emitter';
import type { Queue } from 'bullmq';
import { createHash } from 'node:crypto';
import { AppError } from '../../common/app-error.js';
import { ExecutorDoneEvent } from '../../common/contracts/domain-events.js';
import { isJsonObject } from '../../common/text/json.js';
import { logLine } from '../../infra/database/database-errors.js';
import { CAPPED_BACKOFF, cappedBackoff } from '../../infra/queue/capped-backoff.js';
import { ExecutorManagerClient } from './executor-manager.client.js';
import { ExecutorsRepository } from './executors.repository.js';

export const EXECUTOR_DELETIONS = 'executor-deletions';

/** All executors of a task that has ended, or one executor. */
export type ExecutorDeletion = { taskId: number } | { executorName: string };

/** A task that does not end within some hours is checked again at its next end. */
const TASK_JOB_OPTIONS = {
  attempts: 500,
  backoff: CAPPED_BACKOFF,
  removeOnComplete: true,
  removeOnFail: true,
} as const;

export const EXECUTOR_JOB_OPTIONS = { ...TASK_JOB_OPTIONS, attempts: 12 } as const;

export const DELETION_BACKOFF = cappedBackoff({ baseMs: 250, capMs: 30_000 });

/** Queues the deletion of executors that are not needed any more. */
@Injectable()
export class ExecutorDeletions {
  private readonly log = new Logger(ExecutorDeletions.name);

  constructor(
    @InjectQueue(EXECUTOR_DELETIONS) private readonly queue: Queue<ExecutorDeletion>,
    private readonly repository: ExecutorsRepository,
    private readonly manager: ExecutorManagerClient,
  ) {}

  /** Queues the deletion of a task's executors, once it has ended. A repeated call changes nothing. @throws AppError service_unavailable */
  async afterEnd(taskId: number): Promise<void> {
    await this.add('task', { taskId }, `task-${taskId}`, TASK_JOB_OPTIONS);
  }

  /** The same for tasks with `auto_delete_executor` only. Never throws: the end that was reached stands. */
  async afterEndOf(taskId: number): Promise<void> {
    try {
      if ((await this.repository.executorsOf(taskId))?.autoDelete) await this.afterEnd(taskId);
    } catch (error) {
      this.log.warn(`task ${taskId}: its executors stay: ${logLine(error)}`);
    }
  }

  /** The same before a task is deleted, if executors have worked on it. @throws AppError service_unavailable */
  async beforeDelete(taskId: number): Promise<void> {
    if (await this.repository.hasExecutors(taskId)) await this.afterEnd(taskId);
  }

  /**
   * Stops and deletes an executor that works on although its subtask was cancelled: the cancel did not reach it, for
   * example because its container was being started. One that the next turn uses already stays. Never throws.
   */
  async afterLateReport(taskId: number, executorName: string): Promise<void> {
    try {
      if (executorName) await this.deleteExecutor(executorName);
      else if (!(await this.repository.isUnfinished(taskId))) await this.manager.cancel(taskId);
    } catch (error) {
      this.log.warn(`task ${taskId}: ${executorName} works on after its cancel: ${logLine(error)}`);
    }
  }

  /** Queues the deletion of an executor without a task. @throws AppError service_unavailable */
  @OnEvent(ExecutorDoneEvent.eventName, { suppressErrors: false })
  afterWork({ executorName }: ExecutorDoneEvent): Promise<void> {
    return this.deleteExecutor(executorName);
  }

  /** Queues the deletion of one executor, unless unfinished work needs it. @throws AppError service_unavailable */
  async deleteExecutor(executorName: string): Promise<void> {
    // Names hold what ids of jobs may not.
    const hash = createHash('sha256').update(executorName).digest('hex').slice(0, 32);
    await this.add('executor', { executorName }, `executor-${hash}`, EXECUTOR_JOB_OPTIONS);
  }

  private async add(name: string, data: ExecutorDeletion, jobId: string, options: object): Promise<void> {
    if (!this.manager.isConfigured) return;
    try {
      await this.queue.add(name, data, { ...options, jobId });
    } catch (cause) {
      throw new AppError('service_unavailable', 'The queue does not answer; try again', { cause, retryAfter: 2 });
    }
  }
}

export function isExecutorDeletion(data: unknown): data is ExecutorDeletion {
  if (!isJsonObject(data)) return false;
  const { taskId, executorName } = data;

  return Number.isInteger(taskId) || (typeof executorName === 'string' && executorName !== '');
}
