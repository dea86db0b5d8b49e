import { Injectable } from '@nestjs/common';
import { AppError, notFound } from '../common/app-error.js';
import { checkPrompt, titleFrom } from '../common/prompt.js';
import { type ResolvedTeam, TeamsService } from '../teams/teams.service.js';
import { isTerminal } from './task-status.js';
import { TasksRepository } from './tasks.repository.js';
import {
  type NewTask,
  type NewTurn,
  type RunRequest,
  type StoredTurn,
  type SubtaskRow,
  type TaskRow,
  TurnsRepository,
} from './turns.repository.js';

/** A turn to store; the task is made unless `taskId` names one. */
export interface TurnRequest {
  userId: number;
  taskId?: number | undefined;
  team: ResolvedTeam;
  prompt: string;
  title?: string | undefined;
  task?: Omit<NewTask, 'title'>;
  run?: NewTurn['run'];
  idempotency?: NewTurn['idempotency'];
}

export interface TeamRef {
  team_id?: number | undefined;
  team_name?: string | undefined;
  team_namespace?: string | undefined;
}

/** An answer with the task it belongs to. */
export interface Answer {
  subtask: SubtaskRow;
  task: TaskRow;
}

const CHAT_TASK: Omit<NewTask, 'title'> = {
  type: 'online',
  taskType: 'chat',
  source: 'api',
  gitUrl: '',
  gitRepo: '',
  gitRepoId: 0,
  gitDomain: '',
  branchName: '',
  modelId: null,
  forceOverrideBotModel: false,
  autoDeleteExecutor: false,
};

/** Turns of conversations: storing them, and finding them again. */
@Injectable()
export class TurnsService {
  constructor(
    private readonly turns: TurnsRepository,
    private readonly tasks: TasksRepository,
    private readonly teams: TeamsService,
  ) {}

  /**
   * Stores a turn: of a new task, of one whose id was reserved, or of one that has ended.
   * @throws AppError prompt_too_long, not_found, task_busy, too_many_running_tasks
   */
  async store(request: TurnRequest): Promise<StoredTurn> {
    checkPrompt(request.prompt);
    const turn = toTurn(request);
    const task = { ...(request.task ?? CHAT_TASK), title: turn.title };
    const appended = request.taskId === undefined ? null : await this.turns.appendTurn(request.taskId, turn);
    const stored = appended ?? (await this.turns.createTask(task, turn, request.taskId ?? null));
    if (stored) return stored;
    throw await this.refusal(request);
  }

  private async refusal({ userId, taskId, run }: Pick<TurnRequest, 'userId' | 'taskId' | 'run'>): Promise<AppError> {
    if (run && (await this.turns.countRuns(userId)) >= run.limit) return tooManyRuns(run.limit);
    if (taskId === undefined) return new AppError('conflict', 'Something has just changed: try again');
    const task = await this.tasks.find(userId, taskId);
    if (!task) return notFound(`Task ${taskId}`);
    const state = isTerminal(task.status) ? 'has just changed' : `is ${task.status}`;

    return new AppError('task_busy', `Task ${taskId} ${state}: wait for its end, attach to its stream, or cancel it`);
  }

  /** The team that a request names; without one, that of `fallbackId`. @throws AppError not_found, validation_failed */
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

  reserve(userId: number): Promise<number> {
    return this.turns.reserve(userId);
  }

  /** The turn that a request with this key made within the last day; null when there is none. */
  findByIdempotencyKey(userId: number, key: string) {
    return this.turns.findByIdempotencyKey(userId, key);
  }

  /** Marks a waiting answer as asked for. @throws AppError task_busy when somebody was first, too_many_running_tasks */
  async requestRun(userId: number, taskId: number, subtaskId: number, run: RunRequest): Promise<void> {
    if (!(await this.turns.requestRun(userId, subtaskId, run))) throw await this.refusal({ userId, taskId, run });
  }

  /** Direct chats that were asked for before `ageSeconds` and have not ended, oldest first. */
  staleRuns(ageSeconds: number, limit: number) {
    return this.turns.staleRuns(ageSeconds, limit);
  }

  /** An answer by its subtask's id, whoever owns it: for workers only. */
  find(subtaskId: number): Promise<Answer | null> {
    return this.turns.find(subtaskId);
  }

  /** The newest answer of a task, or the named one. @throws AppError not_found when it is not the user's */
  async newestAnswer(userId: number, taskId: number, subtaskId?: number): Promise<Answer> {
    const answer = await this.turns.newestAnswer(userId, taskId, subtaskId);
    if (!answer) throw notFound(subtaskId === undefined ? `Task ${taskId}` : `Answer ${subtaskId} of task ${taskId}`);

    return answer;
  }

  /** Everything said in a task before message `messageId`, oldest first. */
  conversation(taskId: number, messageId: number) {
    return this.turns.conversation(taskId, messageId);
  }
}

/** A pipeline answers once per member, every other mode once with all of them. */
function toTurn({ userId, team, prompt, title, run, idempotency }: TurnRequest): NewTurn {
  const bots = team.members.map((member) => member.id);
  const steps = team.mode === 'pipeline' ? bots.map((id) => [id]) : [bots];

  return {
    userId,
    teamId: team.id,
    prompt,
    title: title ?? titleFrom(prompt),
    steps,
    run: run ?? null,
    idempotency: idempotency ?? null,
  };
}

function tooManyRuns(limit: number): AppError {
  return new AppError('too_many_running_tasks', `You have ${limit} running answers; more are not possible at a time`, {
    retryAfter: 5,
    retryable: true,
  });
}
