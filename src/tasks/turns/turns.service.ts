import { Injectable } from '@nestjs/common';
import { AppError, found } from '../../common/app-error.js';
import { checkPrompt, titleFrom, withoutParams } from '../../common/text/prompt.js';
import { AppConfig } from '../../config/app-config.js';
import type { ResolvedTeam } from '../../teams/resolved-teams.js';
import { requireShell, TeamsService } from '../../teams/teams.service.js';
import type { AnswerTurn } from './answer-turn.js';
import { AnswerTurnsRepository } from './answer-turns.repository.js';
import type { ExpireHours, NewTask, NewTurn, RunRequest, StoredTurn } from './new-turn.js';
import { TaskChangePublisher } from '../events/task-change.publisher.js';
import { isTerminal } from '../task-status.js';
import { busy, closed, notFailed, tooManyRuns, unknownId } from './turn-errors.js';
import { toTaskFields } from '../task-requests.dto.js';
import { TasksRepository } from '../tasks.repository.js';
import type { SubtaskRow, TaskRow } from './answer-turn.js';
import { TurnQuotas } from './turn-quotas.js';
import { hasExecutorSteps, stepsOf } from './turn-steps.js';
import { TurnsRepository } from './turns.repository.js';

/** A turn to store; the task is made unless `taskId` names one. */
export interface TurnRequest {
  userId: number;
  taskId?: number | undefined;
  team: ResolvedTeam;
  prompt: string;
  title?: string | undefined;
  task?: Omit<NewTask, 'title' | 'titleSource'>;
  run?: NewTurn['run'];
  idempotency?: NewTurn['idempotency'];
  /** Set when it repeats the task's newest turn, which failed or was cancelled. */
  isRetry?: boolean;
  /** Position of the message that it follows, 0 for none: by default the last one of the path that is shown. */
  parentId?: number;
  /** For executors: name of the model in place of the bots' and the task's. */
  modelId?: string | null;
  /** The queued prompt that it begins. */
  followUpId?: number;
}

export interface TeamRef {
  team_id?: number | undefined;
  team_name?: string | undefined;
  team_namespace?: string | undefined;
}

const CHAT_TASK = toTaskFields({ source: 'api' });

/** Stores turns of conversations, and reads them. */
@Injectable()
export class TurnsService {
  private readonly expireHours: ExpireHours;

  constructor(
    private readonly turns: TurnsRepository,
    private readonly answers: AnswerTurnsRepository,
    private readonly tasks: TasksRepository,
    private readonly teams: TeamsService,
    private readonly changes: TaskChangePublisher,
    private readonly quotas: TurnQuotas,
    config: AppConfig,
  ) {
    this.expireHours = config.tasks.appendExpireHours;
  }

  /**
   * Stores a turn: of a new task, of one whose id was reserved, or of one that has ended. Executors can
   * claim their answers from then on.
   * @throws AppError prompt_too_long, not_found, task_busy, task_expired, task_final, conflict (a retry of what has
   * not failed), too_many_running_tasks, shell_not_available, storage_quota_exceeded, too_many_new_tasks
   */
  async store(request: TurnRequest): Promise<StoredTurn> {
    checkPrompt(request.prompt);
    requireShells(request.team);
    await this.quotas.check(request.userId, request.taskId === undefined);
    const turn = toTurn(request);
    const stored = await this.write(request, turn);
    if (!stored) throw await this.refusal(request);
    // Not waited for: it would delay the first token.
    this.changes.publishSoon([{ userId: request.userId, taskId: stored.taskId, subtaskIds: stored.subtaskIds }]);

    return stored;
  }

  private async write({ taskId, isRetry, task, title }: TurnRequest, turn: NewTurn): Promise<StoredTurn | null> {
    const appended = taskId === undefined ? null : await this.turns.appendTurn(taskId, turn, this.expireHours);
    if (appended ?? isRetry) return appended;

    const titleSource = title === undefined ? 'prompt' : 'user';

    return this.turns.createTask({ ...(task ?? CHAT_TASK), title: turn.title, titleSource }, turn, taskId ?? null);
  }

  /** Returns why a turn was not stored. */
  private async refusal({ userId, taskId, run, isRetry }: Refused): Promise<AppError> {
    if (run && (await this.turns.countRuns(userId)) >= run.limit) return tooManyRuns(run.limit);
    if (taskId === undefined) return new AppError('conflict', 'Something has just changed: try again');
    const task = await this.tasks.find(userId, taskId);
    if (!task) return unknownId(taskId);
    if (!isTerminal(task.status)) return busy(taskId, `is ${task.status}`);

    return (isRetry ? notFailed(task) : closed(task, this.expireHours)) ?? busy(taskId, 'has just changed');
  }

  /** Returns the team that a request names; without one, that of `fallbackId`. @throws AppError not_found, validation_failed */
  async teamFor(userId: number, ref: TeamRef, fallbackId?: number): Promise<ResolvedTeam> {
    if (ref.team_id !== undefined) return this.teams.resolve(userId, { id: ref.team_id });
    if (ref.team_name !== undefined) {
      return this.teams.resolve(userId, {
        name: ref.team_name,
        ...(ref.team_namespace && { namespace: ref.team_namespace }),
      });
    }
    if (fallbackId !== undefined) return this.teams.resolve(userId, { id: fallbackId });
    throw new AppError('validation_failed', 'team_id or team_name is required', {
      errors: [{ field: 'team_id', message: 'team_id or team_name is required' }],
    });
  }

  /** Reserves an id for a task that only this user may create. @throws AppError too_many_new_tasks, storage_quota_exceeded */
  async reserve(userId: number): Promise<number> {
    await this.quotas.check(userId, true);

    return this.turns.reserve(userId);
  }

  /** Returns the turn that a request with this key made within the last day; null when there is none. */
  findByIdempotencyKey(userId: number, key: string) {
    return this.turns.findByIdempotencyKey(userId, key);
  }

  /** Marks a waiting answer as requested. @throws AppError task_busy when another request was first, too_many_running_tasks */
  async requestRun(userId: number, taskId: number, subtaskId: number, run: RunRequest): Promise<void> {
    if (!(await this.turns.requestRun(userId, subtaskId, run))) throw await this.refusal({ userId, taskId, run });
  }

  /** Returns direct chats that were asked for before `ageSeconds` and have not ended, oldest first. */
  staleRuns(ageSeconds: number, limit: number) {
    return this.turns.staleRuns(ageSeconds, limit);
  }

  /** See {@link TurnsRepository.unrequested}. */
  unrequested(ageMs: number, limit: number) {
    return this.turns.unrequested(ageMs, limit);
  }

  /** Returns all answers of the turn that one belongs to, of any user: for workers only. Null when it is gone. */
  turnOf(subtaskId: number): Promise<AnswerTurn | null> {
    return this.answers.byAnswer(subtaskId);
  }

  /** Returns the last turn of the path that is shown, or the one with the named answer. @throws AppError not_found when it is not the user's */
  async newestTurn(userId: number, taskId: number, subtaskId?: number): Promise<AnswerTurn> {
    const what = subtaskId === undefined ? `Task ${taskId}` : `Answer ${subtaskId} of task ${taskId}`;

    return found(await this.answers.newest(userId, taskId, subtaskId), what);
  }

  /** Returns the question of an answer. @throws AppError not_found when it is gone */
  async questionOf({ taskId, messageId }: Pick<SubtaskRow, 'taskId' | 'messageId'>) {
    return found(await this.turns.questionOf(taskId, messageId), `The question of task ${taskId}`);
  }

  /** @throws AppError task_final, task_expired when an ended task accepts no more turns */
  requireOpen(task: TaskRow): void {
    const reason = closed(task, this.expireHours);
    if (reason) throw reason;
  }
}

type Refused = Pick<TurnRequest, 'userId' | 'taskId' | 'run' | 'isRetry'>;

/** @throws AppError shell_not_available when one of the bots of a team that needs executors cannot work in its shell */
function requireShells(team: ResolvedTeam): void {
  if (hasExecutorSteps(team)) team.members.forEach(requireShell);
}

function toTurn({ userId, team, prompt, title, run, idempotency, isRetry, ...more }: TurnRequest): NewTurn {
  const { parentId, modelId, followUpId } = more;

  return {
    userId,
    teamId: team.id,
    prompt,
    title: title ?? titleFrom(withoutParams(prompt)),
    steps: stepsOf(team),
    run: run ?? null,
    idempotency: idempotency ?? null,
    isRetry: isRetry ?? false,
    ...(modelId !== undefined && { modelId }),
    ...(parentId !== undefined && { parentId }),
    ...(followUpId !== undefined && { followUpId }),
  };
}
