import { Injectable } from '@nestjs/common';
import { AppError, found, notFound } from '../../common/app-error.js';
import { checkPrompt } from '../../common/text/prompt.js';
import { TaskChangePublisher } from '../events/task-change.publisher.js';
import { isTerminal } from '../task-status.js';
import { TasksRepository } from '../tasks.repository.js';
import { busy } from '../turns/turn-errors.js';
import { TurnQuotas } from '../turns/turn-quotas.js';
import { TurnsService } from '../turns/turns.service.js';
import { FollowUpStarter } from './follow-up-starter.js';
import type { FollowUpDto, FollowUpListDto, NewFollowUpDto } from './follow-ups.dto.js';
import { type FollowUpRow, FollowUpsRepository, MAX_FOLLOW_UPS } from './follow-ups.repository.js';
import { pauseReason } from './pause-reason.js';

/** The rules of queued prompts. */
@Injectable()
export class FollowUpsService {
  constructor(
    private readonly repository: FollowUpsRepository,
    private readonly starter: FollowUpStarter,
    private readonly tasks: TasksRepository,
    private readonly turns: TurnsService,
    private readonly quotas: TurnQuotas,
    private readonly changes: TaskChangePublisher,
  ) {}

  /**
   * Queues a prompt behind the running turn. In a task where nothing runs, the next prompt begins at once.
   * @throws AppError not_found, prompt_too_long, task_final, task_expired, storage_quota_exceeded, too_many_follow_ups
   */
  async add(userId: number, taskId: number, dto: NewFollowUpDto): Promise<FollowUpDto> {
    checkPrompt(dto.prompt);
    const task = await this.require(userId, taskId);
    if (task.autoDeleteExecutor || isTerminal(task.status)) this.turns.requireOpen(task);
    await this.quotas.check(userId, false);
    const { prompt, model_id: modelId = null, inputs = null, files = null } = dto;
    const row = found(await this.repository.add({ userId, taskId, prompt, modelId, inputs, files }), `Task ${taskId}`);
    if (row === 'full') {
      const message = `${MAX_FOLLOW_UPS} prompts of task ${taskId} wait: wait until one has begun, or delete one`;
      throw new AppError('too_many_follow_ups', message);
    }
    // Read after it is stored: an end that comes later finds it.
    const { status } = await this.require(userId, taskId);
    const next = isTerminal(status) ? await this.repository.next(taskId) : null;
    if (next) await this.starter.tryBegin(next);
    this.publish(userId, taskId);
    const waiting = await this.repository.waiting(taskId);

    return toDto(row, waiting.findIndex(({ id }) => id === row.id) + 1);
  }

  /** @throws AppError not_found */
  async list(userId: number, taskId: number): Promise<FollowUpListDto> {
    const task = await this.require(userId, taskId);
    const waiting = await this.repository.waiting(taskId);
    const reason = pauseReason(task, waiting);

    return {
      items: waiting.map((row, index) => toDto(row, index + 1)),
      is_paused: reason !== null,
      paused_reason: reason,
      paused_message: reason === 'refused' ? (waiting[0]?.failure?.message ?? null) : null,
    };
  }

  /** Removes a prompt that waits. @throws AppError not_found, conflict when it has begun */
  async remove(userId: number, taskId: number, id: number): Promise<FollowUpDto> {
    const row = await this.repository.remove(userId, taskId, id);
    if (!row) {
      if (!(await this.repository.exists(userId, taskId, id))) throw notFound(`Queued prompt ${id} of task ${taskId}`);
      throw new AppError('conflict', `Queued prompt ${id} has begun: cancel its turn instead`);
    }
    this.publish(userId, taskId);
    // It may have been refused, and have kept the others waiting.
    void this.starter.beginReady([taskId]);

    return toDto(row, 0);
  }

  /** Begins the next prompt now. @throws AppError not_found, task_busy, conflict when none waits, and what appending a turn throws */
  async resume(userId: number, taskId: number): Promise<FollowUpListDto> {
    const { status } = await this.require(userId, taskId);
    const next = await this.repository.next(taskId);
    if (!next) throw new AppError('conflict', `No prompt of task ${taskId} waits: send one`);
    if (!isTerminal(status)) throw busy(taskId, `is ${status}`);
    await this.starter.begin(next);

    return this.list(userId, taskId);
  }

  private publish(userId: number, taskId: number): void {
    void this.changes.publish([{ userId, taskId, subtaskIds: [] }]);
  }

  private async require(userId: number, taskId: number) {
    return found(await this.tasks.find(userId, taskId), `Task ${taskId}`);
  }
}

function toDto(row: FollowUpRow, position: number): FollowUpDto {
  const { id, prompt, inputs, files, createdAt } = row;

  return {
    ...{ id, prompt, model_id: row.modelId, inputs, files: files && [...files] },
    ...{ created_at: createdAt.toISOString(), position },
  };
}
