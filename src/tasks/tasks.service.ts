import { Injectable, Logger } from '@nestjs/common';
import { BotsService } from '../bots/bots.service.js';
import { pollUntil } from '../common/async/poll-until.js';
import { AppError, found, notFound } from '../common/app-error.js';
import type { PageQuery } from '../common/page.js';
import { checkPrompt } from '../common/text/prompt.js';
import type { TaskStatus } from '../infra/database/schema/schema.js';
import type { TeamDto } from '../teams/teams.dto.js';
import { TeamsService } from '../teams/teams.service.js';
import { TaskCancelService } from './cancel/task-cancel.service.js';
import { AnswerBackends } from './backends/answer-backends.js';
import { TaskChangePublisher } from './events/task-change.publisher.js';
import { isTerminal } from './task-status.js';
import { TaskUpdatesService } from './status/task-updates.service.js';
import type { CreateTaskDto, TasksQuery, UpdateTaskDto } from './task-requests.dto.js';
import type { ExportedTaskDto, LiteTaskListDto, TaskDetailDto, TaskDto, TaskListDto } from './tasks.dto.js';
import { type SubtaskListDto, toListedSubtaskDto } from './subtasks.dto.js';
import { toTaskFields } from './task-requests.dto.js';
import { toListedTaskDto, toLiteTaskDto, toTaskDto } from './tasks.dto.js';
import { toTaskUsage } from './task-usage.js';
import { type TaskDetails, TasksRepository } from './tasks.repository.js';
import { ConversationPaths } from './turns/conversation-paths.js';
import { type Idempotency, IdempotentStarts } from './turns/idempotency.js';
import { choiceOf } from './turns/new-turn.js';
import { isMixed } from './turns/turn-steps.js';
import { type TurnRequest, TurnsService } from './turns/turns.service.js';

const DETAIL_SUBTASKS = 100;
const DELETE_POLL_MS = 50;
const DELETE_PATIENCE_MS = 5_000;
const SETTLE_PATIENCE_MS = 1_000;

/** The rules of tasks and their turns. */
@Injectable()
export class TasksService {
  private readonly log = new Logger(TasksService.name);

  constructor(
    private readonly repository: TasksRepository,
    private readonly conversations: ConversationPaths,
    private readonly turns: TurnsService,
    private readonly starts: IdempotentStarts,
    private readonly teams: TeamsService,
    private readonly bots: BotsService,
    private readonly cancels: TaskCancelService,
    private readonly updates: TaskUpdatesService,
    private readonly backends: AnswerBackends,
    private readonly changes: TaskChangePublisher,
  ) {}

  /**
   * Wegent's way: with an id it was reserved before, or belongs to a task that gets a new turn. All calls with the same
   * idempotency key and body store one turn.
   */
  async createOrAppend(userId: number, taskId: number | undefined, dto: CreateTaskDto, key?: string): Promise<TaskDto> {
    checkPrompt(dto.prompt);
    const body = Object.fromEntries([...Object.entries(dto), ['turn_of', taskId]]) as object;
    const stored = await this.starts.once(userId, key, body, (idempotency) =>
      this.store(userId, taskId, dto, idempotency),
    );

    return this.get(userId, stored.taskId);
  }

  private async store(userId: number, taskId: number | undefined, dto: CreateTaskDto, idempotency: Idempotency | null) {
    const existing = taskId === undefined ? null : await this.repository.find(userId, taskId);
    const team = await this.turns.teamFor(userId, dto, existing?.teamId);
    const { prompt, title } = dto;
    const task = toTaskFields(dto);
    const turn = { userId, taskId, team, prompt, title, task, idempotency };
    // Of a team that needs executors, no client begins the answers of direct chat.
    const { taskId: id, subtaskId } = isMixed(team)
      ? await this.backends.forTeam(team).start(turn, { modelId: null, prompt: null }, existing ?? task)
      : await this.turns.store(turn);

    return { taskId: id, subtaskId, isNew: true };
  }

  reserve(userId: number): Promise<number> {
    return this.turns.reserve(userId);
  }

  async get(userId: number, taskId: number): Promise<TaskDto> {
    return toTaskDto(await this.require(userId, taskId));
  }

  async detail(userId: number, taskId: number): Promise<TaskDetailDto> {
    const task = await this.require(userId, taskId);
    const { items: subtasks } = await this.subtaskPage(userId, taskId, { page: 1, limit: DETAIL_SUBTASKS });

    return {
      ...toTaskDto(task),
      user: { id: task.userId, user_name: task.userName },
      team: await this.teamOf(userId, task.teamId),
      subtasks,
      usage: toTaskUsage(await this.repository.usage(taskId)),
    };
  }

  /** Returns a task for its export: without subtasks, which {@link ConversationPaths.rows} reads. @throws AppError not_found */
  async summary(userId: number, taskId: number): Promise<ExportedTaskDto> {
    const task = toTaskDto(await this.require(userId, taskId));
    const team = (await this.teams.labels(userId, [task.team_id])).get(task.team_id);

    return { ...task, team_name: team?.name ?? null, usage: toTaskUsage(await this.repository.usage(taskId)) };
  }

  async list(userId: number, query: TasksQuery): Promise<TaskListDto> {
    const { total, items } = await this.repository.list(userId, query);

    return { total, items: items.map(toListedTaskDto) };
  }

  async listLite(userId: number, page: PageQuery): Promise<LiteTaskListDto> {
    const { total, items } = await this.repository.listLite(userId, page);

    return { total, items: items.map(toLiteTaskDto) };
  }

  async subtasks(userId: number, taskId: number, page: PageQuery): Promise<SubtaskListDto> {
    await this.require(userId, taskId);

    return this.subtaskPage(userId, taskId, page);
  }

  private async subtaskPage(userId: number, taskId: number, page: PageQuery): Promise<SubtaskListDto> {
    const { total, items } = await this.conversations.page(taskId, page);
    const bots = await this.bots.summaries(
      userId,
      items.flatMap(({ botIds }) => botIds),
    );

    return { total, items: items.map((subtask) => toListedSubtaskDto(subtask, bots)) };
  }

  /**
   * Asks the question of the task's newest turn again, as a new turn of the same team (with its bots of today, for the
   * case that one of them was the reason), with the task's settings, and starts it. Of two calls at once one is refused.
   * @throws AppError not_found, conflict when the turn has not failed, task_busy when it runs, and what may be wrong
   * with starting a run
   */
  async retry(userId: number, taskId: number): Promise<TaskDto> {
    const { task, first } = await this.turns.newestTurn(userId, taskId);
    const { prompt, title } = await this.turns.questionOf(first);
    const team = await this.turns.teamFor(userId, { team_id: first.teamId });
    const turn: TurnRequest = { userId, taskId, team, prompt, title, isRetry: true };
    await this.backends.forTeam(team).start(turn, choiceOf(first), task);
    this.log.log(`task ${taskId}: its turn that was ${task.status} runs again`);

    return this.get(userId, taskId);
  }

  /** Edits a task. A status may only be given to end a task that is being cancelled. @throws AppError not_found, conflict */
  async update(userId: number, taskId: number, dto: UpdateTaskDto): Promise<TaskDto> {
    const task = await this.require(userId, taskId);
    if (dto.status !== undefined && changesStatus(task.status, dto.status)) {
      await this.end(task, dto.status, dto.error_message ?? '');
    }
    const { title, git_url: gitUrl, git_repo_id: gitRepoId } = dto;
    await this.repository.edit(userId, taskId, {
      ...(title !== undefined && { title }),
      ...(gitUrl !== undefined && { gitUrl }),
      ...(gitRepoId !== undefined && { gitRepoId }),
    });
    void this.changes.publish([{ userId, taskId, subtaskIds: [] }]);

    return this.get(userId, taskId);
  }

  private async end({ id, status }: Pick<TaskDetails, 'id' | 'status'>, asked: TaskStatus, errorMessage: string) {
    if (status !== 'CANCELLING' || (asked !== 'CANCELLED' && asked !== 'FAILED')) {
      throw new AppError(
        'conflict',
        `Task ${id} is ${status}: only a task that is CANCELLING can be set to CANCELLED or FAILED; POST /api/tasks/${id}/cancel stops one that runs`,
      );
    }
    for (const { id: subtaskId } of await this.repository.unfinishedSubtasks(id)) {
      await this.updates.settle({ subtaskId, status: asked, errorMessage }, SETTLE_PATIENCE_MS);
    }
  }

  /** Gives a task a title that a model wrote. @returns false when it has a title of the user's, or of a model, already */
  async setModelTitle(userId: number, taskId: number, title: string): Promise<boolean> {
    const isSet = await this.repository.setModelTitle(userId, taskId, title);
    if (isSet) await this.changes.publish([{ userId, taskId, subtaskIds: [] }]);

    return isSet;
  }

  /** Returns the epoch of the links to a task. @throws AppError not_found */
  async linkEpoch(userId: number, taskId: number): Promise<number> {
    return found(await this.repository.linkEpoch(userId, taskId), `Task ${taskId}`);
  }

  /** Ends all links to a task. @throws AppError not_found */
  async endLinks(userId: number, taskId: number): Promise<void> {
    if (!(await this.repository.raiseLinkEpoch(userId, taskId))) throw notFound(`Task ${taskId}`);
  }

  /**
   * Cancels what runs, then hides the task for good. A run that does not end in time, for instance because its container is
   * still being started, is ended without it; it is stopped and deleted when it comes.
   * @throws AppError not_found, task_busy when the end cannot be stored
   */
  async remove(userId: number, taskId: number): Promise<void> {
    const task = await this.require(userId, taskId);
    if (!isTerminal(task.status)) await this.cancels.request(userId, taskId);
    await this.backends.beforeDelete(taskId);
    const markDeleted = async () => (await this.repository.markDeleted(userId, taskId)) ?? undefined;
    let subtaskIds = await pollUntil(markDeleted, { everyMs: DELETE_POLL_MS, timeoutMs: DELETE_PATIENCE_MS });
    if (!subtaskIds) {
      await this.cancels.force(taskId);
      subtaskIds = await pollUntil(markDeleted, { everyMs: DELETE_POLL_MS, timeoutMs: SETTLE_PATIENCE_MS });
    }
    if (!subtaskIds) throw new AppError('task_busy', `Task ${taskId} is still stopping: delete it again in a moment`);
    void this.changes.publish([{ userId, taskId, subtaskIds }]);
  }

  /** Null when the team is gone: the task outlives it. */
  private async teamOf(userId: number, teamId: number): Promise<TeamDto | null> {
    try {
      return await this.teams.get(userId, teamId);
    } catch (error) {
      if (error instanceof AppError && error.code === 'not_found') return null;
      throw error;
    }
  }

  private async require(userId: number, taskId: number) {
    return found(await this.repository.find(userId, taskId), `Task ${taskId}`);
  }
}

/** Whether a client asks for another status; one that repeats an older status of an ended task is out of date. */
function changesStatus(status: TaskStatus, asked: TaskStatus): boolean {
  return asked !== status && !(isTerminal(status) && !isTerminal(asked));
}
