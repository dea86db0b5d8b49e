import { Injectable } from '@nestjs/common';
import { found } from '../../common/app-error.js';
import { TaskChangePublisher } from '../events/task-change.publisher.js';
import type { TaskDto } from '../tasks.dto.js';
import { TasksService } from '../tasks.service.js';
import { ConversationPaths } from '../turns/conversation-paths.js';
import { busy } from '../turns/turn-errors.js';
import { TurnQuotas } from '../turns/turn-quotas.js';
import { TurnsService } from '../turns/turns.service.js';
import { shownOf } from './shown-turn.js';
import type { BranchDto } from './versions.dto.js';
import { VersionsRepository } from './versions.repository.js';
import { firstAnswerOf } from './versions.service.js';

/** Makes tasks from the turns of others. */
@Injectable()
export class BranchesService {
  constructor(
    private readonly repository: VersionsRepository,
    private readonly tasks: TasksService,
    private readonly turns: TurnsService,
    private readonly conversations: ConversationPaths,
    private readonly quotas: TurnQuotas,
    private readonly changes: TaskChangePublisher,
  ) {}

  /**
   * Stores a task with copies of the turns up to one that has ended. The other task may run meanwhile.
   * @throws AppError not_found, task_busy when the turn has not ended, storage_quota_exceeded, too_many_new_tasks
   */
  async create(userId: number, taskId: number, dto: BranchDto): Promise<TaskDto> {
    await this.tasks.get(userId, taskId);
    const tree = await this.conversations.tree(taskId);
    const named = dto.subtask_id === undefined ? tree.path.at(-1) : tree.turnOf(dto.subtask_id);
    const last = found(named, `Subtask ${dto.subtask_id} of task ${taskId}`);
    const turn = await this.turns.newestTurn(userId, taskId, firstAnswerOf(last));
    if (turn.current) throw busy(taskId, 'still answers this turn');
    await this.quotas.check(userId, true);
    const { prompt } = await this.turns.questionOf(turn.first);
    const id = await this.repository.branch({
      ...{ from: turn.task, title: dto.title ?? turn.task.title, shown: shownOf(turn, prompt) },
      subtaskIds: tree.pathTo(last.place).flatMap(({ messages }) => messages.map((message) => message.id)),
    });
    const branchId = found(id, `Task ${taskId}`);
    void this.changes.publish([{ userId, taskId: branchId, subtaskIds: [] }]);

    return this.tasks.get(userId, branchId);
  }
}
