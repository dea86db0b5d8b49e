import { InjectQueue } from '@nestjs/bullmq';
import { Injectable, Logger } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { AppError, notFound } from '../common/app-error.js';
import { hush } from '../infra/queue/queue-errors.js';
import { RunCancellers } from './run-cancellers.js';
import { isTerminal } from './task-status.js';
import { TaskUpdatesService } from './task-updates.service.js';
import { CANCELLATION_JOB_OPTIONS, TASK_CANCELLATIONS, type TaskCancellation } from './tasks.jobs.js';
import { TasksRepository } from './tasks.repository.js';
import type { SubtaskRow } from './turns.repository.js';
import { logLine } from '../infra/database/database-errors.js';

/** After this long a run that does not answer is ended without it. */
const DEADLINE_MS = 60_000;

/** Cancels tasks: durably, and at once where possible. */
@Injectable()
export class TaskCancelService {
  private readonly log = new Logger('TaskCancel');

  constructor(
    @InjectQueue(TASK_CANCELLATIONS) private readonly queue: Queue<TaskCancellation>,
    private readonly repository: TasksRepository,
    private readonly cancellers: RunCancellers,
    private readonly updates: TaskUpdatesService,
  ) {
    hush(queue);
  }

  /**
   * Marks the task as CANCELLING, asks its run to stop and leaves a job behind that does not rest until it has.
   * @returns the answers that had not ended
   * @throws AppError not_found, task_final
   */
  async request(userId: number, taskId: number): Promise<SubtaskRow[]> {
    const requestedAt = Date.now();
    const status = await this.repository.startCancel(userId, taskId);
    if (status === null) throw notFound(`Task ${taskId}`);
    if (isTerminal(status)) throw new AppError('task_final', `Task ${taskId} has ended (${status}): nothing to cancel`);
    const subtasks = await this.repository.unfinishedSubtasks(taskId);
    this.log.log(`task ${taskId}: cancel requested, ${subtasks.length} answer(s) to stop`);
    const durable = this.queue.add('cancel', { taskId, requestedAt }, { ...CANCELLATION_JOB_OPTIONS, delay: 1000 });
    const stopped = await Promise.allSettled([
      durable,
      ...subtasks.map((subtask) => this.stop(subtask, requestedAt, false)),
    ]);
    for (const result of stopped) {
      if (result.status === 'rejected') this.log.warn(`task ${taskId}: ${logLine(result.reason)}; trying again`);
    }

    return subtasks;
  }

  /** One more try for a task that was asked to stop. @returns whether all its answers have ended */
  async pursue({ taskId, requestedAt }: TaskCancellation): Promise<boolean> {
    const force = Date.now() - requestedAt > DEADLINE_MS;
    const subtasks = await this.repository.unfinishedSubtasks(taskId);
    // A turn that began after the cancel is none of its business.
    const meant = subtasks.filter((subtask) => subtask.createdAt.getTime() <= requestedAt);
    for (const subtask of meant) await this.stop(subtask, requestedAt, force);

    return meant.length === 0;
  }

  private async stop(subtask: SubtaskRow, requestedAt: number, force: boolean): Promise<void> {
    const canceller = this.cancellers.for(subtask);
    if (canceller) return canceller.cancel(subtask, requestedAt, force);
    // Nobody has started it.
    await this.updates.settle({ subtaskId: subtask.id, status: 'CANCELLED' }, 1000);
  }
}
