import { Injectable } from '@nestjs/common';
import { AppError } from '../../common/app-error.js';
import { MAX_ID } from '../../common/fields.js';
import { checkPrompt } from '../../common/text/prompt.js';
import { DifyInputs } from '../../dify/inputs/dify-inputs.service.js';
import { type Idempotency, IdempotentStarts, type StartedAnswer } from '../../tasks/turns/idempotency.js';
import type { RunChoice } from '../../tasks/turns/new-turn.js';
import { isTerminal } from '../../tasks/task-status.js';
import { ExecutorBackend } from '../../executors/executor.backend.js';
import { hasExecutorSteps, isOnExecutors, needsExecutor, stepsOf } from '../../tasks/turns/turn-steps.js';
import { type TurnRequest, TurnsService } from '../../tasks/turns/turns.service.js';
import { answering, type ResolvedTeam } from '../../teams/resolved-teams.js';
import type { CheckChatDto, StreamChatDto, StreamTaskDto } from '../direct-chat.dto.js';
import { RunPlans, type TaskChoice } from '../plan/run-plan.js';
import { ChatAdmission } from '../queue/chat-admission.js';
import { ChatRunQueue } from '../queue/chat-run-queue.js';

const DEFAULT_TEAM = 'demo-team';

/**
 * Starts answers: checks the request, stores the turn and enqueues its run. Every error that a request can cause is
 * thrown here, before the first byte of a stream.
 */
@Injectable()
export class DirectChatService {
  constructor(
    private readonly turns: TurnsService,
    private readonly starts: IdempotentStarts,
    private readonly plans: RunPlans,
    private readonly inputs: DifyInputs,
    private readonly admission: ChatAdmission,
    private readonly queue: ChatRunQueue,
    private readonly executors: ExecutorBackend,
  ) {}

  /**
   * Stores a turn and starts its answer. The same idempotency key with the same body finds the same answer again.
   * @throws AppError with the codes of the wire contract
   */
  async start(userId: number, dto: StreamChatDto, key: string | undefined): Promise<StartedAnswer> {
    checkPrompt(dto.prompt);

    return this.starts.once(userId, key, dto, (idempotency) => this.startNew(userId, dto, idempotency));
  }

  /**
   * Starts the waiting answer of a task made by the tasks API, or appends a turn to an ended task.
   * @throws AppError with the codes of the wire contract
   */
  async startTask(userId: number, taskId: number, dto: StreamTaskDto): Promise<StartedAnswer> {
    const { task, first } = await this.turns.newestTurn(userId, taskId);
    if (isTerminal(task.status)) return this.appendTurn(userId, taskId, task.teamId, dto);
    if (first.status !== 'PENDING' || first.runRequestedAt) throw busy(taskId, task.status);
    // Executors may claim it already: there is nothing to start.
    if (first.lane !== null) return { taskId, subtaskId: first.id, isNew: false };
    const team = await this.turns.teamFor(userId, { team_id: first.teamId });
    const { prompt } = await this.turns.questionOf(first);
    const choice = await this.check({ userId, taskId, team, prompt }, choiceOf(dto), task);
    await this.admission.admit((limit) => this.turns.requestRun(userId, taskId, first.id, { ...choice, limit }));
    await this.queue.enqueueNew(taskId, first.id);

    return { taskId, subtaskId: first.id, isNew: true };
  }

  /**
   * Stores a turn and starts its answer.
   * @param task whose choice of a model applies where the request makes none
   * @throws AppError model_not_configured, not_found, dify_input_invalid, too_many_chats,
   * service_unavailable and what storing a turn throws
   */
  async startTurn(turn: TurnRequest, choice: RunChoice, task?: TaskChoice): Promise<StartedAnswer> {
    const { team, userId } = turn;
    if (isOnExecutors(team)) return executorAnswer(await this.executors.start(turn, choice));
    const checked = await this.check(turn, choice, task);
    if (!hasExecutorSteps(team)) return this.startRun(turn, checked);
    await this.executors.checkModel(userId, choice.modelId);
    if (!stepsOf(team)[0]?.onExecutors) return executorAnswer(await this.startRun(turn, checked));

    return executorAnswer(await this.turns.store({ ...turn, run: { ...checked, limit: MAX_ID } }));
  }

  private async startRun(turn: TurnRequest, choice: RunChoice): Promise<StartedAnswer> {
    const stored = await this.admission.admit((limit) => this.turns.store({ ...turn, run: { ...choice, limit } }));
    const { taskId, subtaskId } = stored;
    await this.queue.enqueueNew(taskId, subtaskId);

    return { taskId, subtaskId, isNew: true };
  }

  /** Returns whether a team answers without executors. @throws AppError not_found */
  async checkTeam(userId: number, teamId: number): Promise<CheckChatDto> {
    const team = await this.turns.teamFor(userId, { team_id: teamId });
    const others = shellTypes(team).filter(needsExecutor);
    const reason =
      others.length === 0
        ? null
        : `Team "${team.name}" uses ${others.join(', ')}: executors answer for it. Its answers can be streamed all the same`;

    return { supports_direct_chat: reason === null, shell_types: shellTypes(team), reason };
  }

  private async startNew(userId: number, dto: StreamChatDto, idempotency: Idempotency | null): Promise<StartedAnswer> {
    const team = await this.teamOf(userId, dto);
    const { task_id: taskId, prompt, title, inputs, files } = dto;
    const choice = { modelId: dto.model_id ?? null, prompt: null, inputs: inputs ?? null, files: files ?? null };

    return this.startTurn({ userId, taskId, team, prompt, title, idempotency }, choice);
  }

  private async appendTurn(userId: number, taskId: number, teamId: number, dto: StreamTaskDto): Promise<StartedAnswer> {
    const { prompt } = dto;
    if (prompt === undefined) {
      throw new AppError(
        'task_final',
        `Task ${taskId} has ended: give a prompt for a new turn, or read its answer by GET`,
      );
    }
    checkPrompt(prompt);
    const team = await this.turns.teamFor(userId, { team_id: teamId });

    return this.startTurn({ userId, taskId, team, prompt }, choiceOf(dto));
  }

  private async teamOf(userId: number, dto: StreamChatDto): Promise<ResolvedTeam> {
    if (dto.team_id !== undefined || dto.team_name !== undefined) return this.turns.teamFor(userId, dto);
    if (dto.task_id === undefined) return this.defaultTeam(userId);
    const { task } = await this.turns.newestTurn(userId, dto.task_id);

    return this.turns.teamFor(userId, { team_id: task.teamId });
  }

  private async defaultTeam(userId: number): Promise<ResolvedTeam> {
    try {
      return await this.turns.teamFor(userId, { team_name: DEFAULT_TEAM });
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'not_found') throw error;
      throw new AppError(
        'not_found',
        `Name a team by team_id or team_name: there is no "${DEFAULT_TEAM}" here. GET /api/teams lists teams, POST makes one`,
      );
    }
  }

  /** Checks the bots, inputs and models of a turn. @returns the choice with the inputs of the turns before */
  private async check(
    { userId, taskId, team, prompt, parentId }: Pick<TurnRequest, 'userId' | 'taskId' | 'team' | 'prompt' | 'parentId'>,
    choice: RunChoice,
    task?: TaskChoice,
  ): Promise<RunChoice> {
    const { inputs = null, files = null } = choice;
    const asked = { userId, taskId, teamId: team.id, parentId, prompt, inputs, files };
    const checked = { ...choice, ...(await this.inputs.check(answering(team), asked)) };
    await this.plans.check(userId, team, checked, task);

    return checked;
  }
}

const executorAnswer = ({ taskId, subtaskId }: Pick<StartedAnswer, 'taskId' | 'subtaskId'>): StartedAnswer => ({
  taskId,
  subtaskId,
  isNew: true,
  hasExecutors: true,
});

function shellTypes(team: ResolvedTeam): string[] {
  return [...new Set(team.members.map(({ shellType }) => shellType))];
}

function busy(taskId: number, status: string): AppError {
  return new AppError(
    'task_busy',
    `Task ${taskId} is ${status}: attach by GET /api/direct-chat/${taskId}/stream, or cancel it`,
  );
}

function choiceOf({ bot_prompt: prompt, inputs, files }: StreamTaskDto): RunChoice {
  return { modelId: null, prompt: prompt ?? null, inputs: inputs ?? null, files: files ?? null };
}
