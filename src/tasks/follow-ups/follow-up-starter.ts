import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { OnEvent } from '@nestjs/event-emitter';
import { AppError } from '../../common/app-error.js';
import { TasksChangedEvent } from '../../common/contracts/domain-events.js';
import { AppConfig } from '../../config/app-config.js';
import { logLine } from '../../infra/database/database-errors.js';
import { MaintenanceTasks } from '../../infra/queue/maintenance-tasks.js';
import { AnswerBackends } from '../backends/answer-backends.js';
import { TaskChangePublisher } from '../events/task-change.publisher.js';
import { TasksRepository } from '../tasks.repository.js';
import { TurnsService } from '../turns/turns.service.js';
import { type FollowUpRow, FollowUpsRepository } from './follow-ups.repository.js';

/**
 * Begins queued prompts: at the end of a turn, and by a sweep, in case the process was killed at that moment. Any number of
 * processes may try the same one: its turn is stored with the mark that it has begun, or not at all.
 */
@Injectable()
export class FollowUpStarter implements OnModuleInit {
  private readonly log = new Logger(FollowUpStarter.name);

  constructor(
    private readonly repository: FollowUpsRepository,
    private readonly tasks: TasksRepository,
    private readonly turns: TurnsService,
    private readonly backends: AnswerBackends,
    private readonly changes: TaskChangePublisher,
    private readonly maintenance: MaintenanceTasks,
    private readonly config: AppConfig,
  ) {}

  onModuleInit(): void {
    const { maintenanceMs: everyMs } = this.config.queues;
    this.maintenance.register({ name: 'begin-follow-ups', everyMs, run: () => this.beginReady() });
  }

  /** Not waited for: the end of a turn is published meanwhile. */
  @OnEvent(TasksChangedEvent.eventName)
  onEnds({ endedIds }: TasksChangedEvent): void {
    if (endedIds.length > 0) void this.beginReady(endedIds);
  }

  /** Begins the next prompts of tasks whose last turn has completed. Never throws: the sweep repeats it. */
  async beginReady(taskIds?: readonly number[]): Promise<void> {
    try {
      for (const taskId of await this.repository.ready(taskIds)) {
        const next = await this.repository.next(taskId);
        if (next) await this.tryBegin(next);
      }
    } catch (error) {
      this.log.warn(`queued prompts begin later: ${logLine(error)}`);
    }
  }

  /** Begins a queued prompt, or stores with it why it is refused. @throws when the database is away */
  async tryBegin(followUp: FollowUpRow): Promise<void> {
    const { id, taskId, userId } = followUp;
    try {
      await this.begin(followUp);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      const { code, message } = error;
      this.log.log(`task ${taskId}: queued prompt ${id} does not begin now: ${code}: ${message}`);
      if (mayPass(error) || !(await this.repository.refuse(taskId, id, { code, message }))) return;
      void this.changes.publish([{ userId, taskId, subtaskIds: [] }]);
    }
  }

  /**
   * Begins a queued prompt as the next turn of its task, as if it were sent now.
   * @throws AppError task_busy when the task runs or the prompt does not wait any more, and what appending a turn throws
   */
  async begin({ id, userId, taskId, prompt, modelId, inputs, files }: FollowUpRow): Promise<void> {
    const task = await this.tasks.find(userId, taskId);
    if (!task) return;
    const team = await this.turns.teamFor(userId, { team_id: task.teamId });
    const turn = { userId, taskId, team, prompt, followUpId: id };
    await this.backends.forTeam(team).start(turn, { modelId, prompt: null, inputs, files }, task);
    this.log.log(`task ${taskId}: queued prompt ${id} has begun`);
  }
}

/** Whether a refusal passes by itself: the task runs, or there is no room now. */
function mayPass({ code, status, retryable }: AppError): boolean {
  return code === 'task_busy' || retryable || status === 429 || status === 503;
}
