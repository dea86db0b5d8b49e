import { Injectable, Logger } from '@nestjs/common';
import { found } from '../../common/app-error.js';
import { checkPrompt } from '../../common/text/prompt.js';
import { AnswerBackends } from '../backends/answer-backends.js';
import { TaskChangePublisher } from '../events/task-change.publisher.js';
import type { TaskDetailDto, TaskDto } from '../tasks.dto.js';
import { TasksService } from '../tasks.service.js';
import { ConversationPaths } from '../turns/conversation-paths.js';
import { type Idempotency, IdempotentStarts } from '../turns/idempotency.js';
import { choiceOf } from '../turns/new-turn.js';
import { busy } from '../turns/turn-errors.js';
import type { TreeTurn } from '../turns/turn-tree.js';
import { TurnsService } from '../turns/turns.service.js';
import type { NewVersionDto } from './versions.dto.js';
import { shownOf } from './shown-turn.js';
import { VersionsRepository } from './versions.repository.js';

/** The rules of versions: turns that follow the same turn, of which one is shown. */
@Injectable()
export class VersionsService {
  private readonly log = new Logger(VersionsService.name);

  constructor(
    private readonly repository: VersionsRepository,
    private readonly tasks: TasksService,
    private readonly turns: TurnsService,
    private readonly conversations: ConversationPaths,
    private readonly starts: IdempotentStarts,
    private readonly backends: AnswerBackends,
    private readonly changes: TaskChangePublisher,
  ) {}

  /**
   * Runs a turn again as a new version, which is shown from then on: with its question, inputs and model, or with those of
   * the request. Its team's bots are those of today. Of two calls at once one is refused, or finds the other's version when
   * both have the same idempotency key.
   * @throws AppError not_found, task_busy, and what appending a turn may throw
   */
  async create(userId: number, taskId: number, dto: NewVersionDto, key: string | undefined): Promise<TaskDto> {
    if (dto.prompt !== undefined) checkPrompt(dto.prompt);
    const { subtask_id, prompt, model_id, inputs, files } = dto;
    const body = { version_of: taskId, subtask_id, prompt, model_id, inputs, files };
    await this.starts.once(userId, key, body, (idempotency) => this.start(userId, taskId, dto, idempotency));

    return this.tasks.get(userId, taskId);
  }

  private async start(userId: number, taskId: number, dto: NewVersionDto, idempotency: Idempotency | null) {
    const answerId = await this.answerOf(userId, taskId, dto.subtask_id);
    const { task, first } = await this.turns.newestTurn(userId, taskId, answerId);
    const { parentId, ...asked } = await this.turns.questionOf(first);
    const team = await this.turns.teamFor(userId, { team_id: first.teamId });
    const { prompt = asked.prompt } = dto;
    const title = prompt === asked.prompt ? { title: asked.title } : {};
    const before = choiceOf(first);
    const { model_id: modelId = before.modelId, inputs = before.inputs, files = before.files } = dto;
    const turn = { userId, taskId, team, prompt, ...title, parentId, idempotency };
    const choice = { prompt: before.prompt, modelId, inputs, files };
    const started = await this.backends.forTeam(team).start(turn, choice, task);
    this.log.log(`task ${taskId} subtask ${started.subtaskId}: a new version of subtask ${first.id}`);

    return { ...started, isNew: true };
  }

  /**
   * Shows the newest turn below a version. Status, prompt and result of the task are those of that turn from then on.
   * @throws AppError not_found, task_busy
   */
  async show(userId: number, taskId: number, subtaskId: number): Promise<TaskDetailDto> {
    const { status } = await this.tasks.get(userId, taskId);
    const tree = await this.conversations.tree(taskId);
    const leaf = tree.newestBelow(found(tree.turnOf(subtaskId), `Subtask ${subtaskId} of task ${taskId}`));
    const turn = await this.turns.newestTurn(userId, taskId, firstAnswerOf(leaf));
    const { prompt } = await this.turns.questionOf(turn.first);
    const isShown = await this.repository.show(userId, taskId, leaf.place, shownOf(turn, prompt));
    if (!isShown) throw busy(taskId, `is ${status}`);
    void this.changes.publish([{ userId, taskId, subtaskIds: [] }]);

    return this.tasks.detail(userId, taskId);
  }

  /** Returns an answer of the turn that a question or an answer belongs to. @throws AppError not_found */
  private async answerOf(userId: number, taskId: number, subtaskId: number | undefined) {
    if (subtaskId === undefined) return undefined;
    await this.tasks.get(userId, taskId);
    const tree = await this.conversations.tree(taskId);

    return firstAnswerOf(found(tree.turnOf(subtaskId), `Subtask ${subtaskId} of task ${taskId}`));
  }
}

/** Returns the first answer of a turn. @throws AppError not_found when it has none */
export function firstAnswerOf({ place, messages }: TreeTurn): number {
  return found(
    messages.find(({ role }) => role === 'ASSISTANT'),
    `The answer to message ${place}`,
  ).id;
}
