import { InjectQueue } from '@nestjs/bullmq';
import { Injectable, Logger } from '@nestjs/common';
import { type Job, type Queue, UnrecoverableError } from 'bullmq';
import { AppError, notFound } from '../../common/app-error.js';
import { AppConfig } from '../../config/app-config.js';
import { logLine } from '../../infra/database/database-errors.js';
import { QueueProcessor } from '../../infra/queue/queue-processor.js';
import { QueueWorkers } from '../../infra/queue/queue-workers.js';
import { AnswerBackends } from '../backends/answer-backends.js';
import { TaskChangePublisher } from '../events/task-change.publisher.js';
import { isTerminal } from '../task-status.js';
import { TaskUpdatesRepository } from '../status/task-updates.repository.js';
import { TaskUpdatesService } from '../status/task-updates.service.js';
import {
  CANCELLATION_BACKOFF,
  CANCELLATION_JOB_OPTIONS,
  isTaskCancellation,
  TASK_CANCELLATIONS,
  type TaskCancellation,
} from '../tasks.jobs.js';
import { TasksRepository } from '../tasks.repository.js';
import type { SubtaskRow } from '../turns/answer-turn.js';

/** How long a cancel waits for the end of an answer that it writes itself. */
const SETTLE_MS = 1_000;

/** Cancels tasks: durably, and at once where possible. */
@Injectable()
export class TaskCancelService {
  private readonly log = new Logger(TaskCancelService.name);

  constructor(
    @InjectQueue(TASK_CANCELLATIONS) private readonly queue: Queue<TaskCancellation>,
    private readonly repository: TasksRepository,
    private readonly backends: AnswerBackends,
    private readonly updates: TaskUpdatesService,
    private readonly states: TaskUpdatesRepository,
    private readonly changes: TaskChangePublisher,
    private readonly config: AppConfig,
  ) {}

  /**
   * Marks the task as CANCELLING, asks its run to stop, and enqueues a job that repeats this until the run has ended.
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
    const subtaskIds = subtasks.map(({ id }) => id);
    const cancellation = { taskId, requestedAt, subtaskIds };
    const durable = this.queue.add('cancel', cancellation, { ...CANCELLATION_JOB_OPTIONS, delay: 1000 });
    void this.changes.publish([{ userId, taskId, subtaskIds: [] }]);
    const stopped = await Promise.allSettled([
      durable,
      ...this.toStop(subtasks).map((subtask) => this.stop(subtask, requestedAt, false)),
    ]);
    for (const result of stopped) {
      if (result.status === 'rejected') this.log.warn(`task ${taskId}: ${logLine(result.reason)}; trying again`);
    }

    return subtasks;
  }

  /** Repeats a cancel. @returns whether all answers that it is about have ended */
  async repeat({ taskId, requestedAt, subtaskIds }: TaskCancellation): Promise<boolean> {
    const force = Date.now() - requestedAt > this.config.tasks.cancelDeadlineSeconds * 1000;
    const subtasks = await this.repository.unfinishedSubtasks(taskId);
    // A turn that began after the cancel is not cancelled.
    const concerned = subtasks.filter(
      ({ id, createdAt }) => subtaskIds?.includes(id) ?? createdAt.getTime() <= requestedAt,
    );
    for (const subtask of this.toStop(concerned)) await this.stop(subtask, requestedAt, force);
    if (subtasks.length === 0) await this.changes.publish(await this.states.reconcile(taskId));

    return concerned.length === 0;
  }

  /** Ends what a cancel has not ended yet, even if its backend cannot be reached. @throws when the database is away */
  async force(taskId: number): Promise<void> {
    this.log.warn(`task ${taskId}: it is ended without its runs`);
    const subtasks = await this.repository.unfinishedSubtasks(taskId);
    for (const subtask of this.toStop(subtasks)) await this.stop(subtask, Date.now(), true);
    await this.changes.publish(await this.states.reconcile(taskId));
  }

  /**
   * Returns the answers that a backend runs: the steps that wait for them end with them. A waiting step that ended
   * first would count as the reason of the end.
   */
  private toStop(subtasks: readonly SubtaskRow[]): readonly SubtaskRow[] {
    const run = subtasks.filter((subtask) => this.backends.find(subtask));

    return run.length > 0 ? run : subtasks;
  }

  /** Cancels one answer. With `force` it ends now, even if its backend cannot be reached. */
  private async stop(subtask: SubtaskRow, requestedAt: number, force: boolean): Promise<void> {
    const backend = this.backends.find(subtask);
    try {
      if (backend) {
        await backend.cancel(subtask, requestedAt, force);

        return;
      }
    } catch (error) {
      if (!force) throw error;
      this.log.warn(`task ${subtask.taskId} subtask ${subtask.id}: ${logLine(error)}; ending it without its run`);
    }
    await this.updates.settle(
      { subtaskId: subtask.id, status: 'CANCELLED', errorMessage: 'Cancelled by the user' },
      SETTLE_MS,
    );
  }
}

/** Repeats a cancel until the task has ended. */
@Injectable()
export class TaskCancellationsProcessor extends QueueProcessor {
  constructor(
    workers: QueueWorkers,
    private readonly cancels: TaskCancelService,
  ) {
    super(workers, TASK_CANCELLATIONS, { concurrency: 16, backoff: CANCELLATION_BACKOFF });
  }

  async process(job: Job<unknown>): Promise<void> {
    if (!isTaskCancellation(job.data)) throw new UnrecoverableError(`not a cancellation: job ${job.id}`);
    if (!(await this.cancels.repeat(job.data))) throw new Error(`task ${job.data.taskId} has not ended yet`);
  }

  /** A cancel is repeated by a failed attempt, which is not worth a warning. */
  protected override onFailed(job: Job | undefined, error: Error): void {
    this.log.debug(`job ${job?.id}, attempt ${job?.attemptsMade}: ${error.message}`);
  }
}
