import { Injectable } from '@nestjs/common';
import { createHash } from 'node:crypto';
import { AppError } from '../../common/app-error.js';
import { checkPrompt } from '../../common/prompt.js';
import { isUniqueViolation } from '../../infra/database/database-errors.js';
import type { RunChoice } from '../../tasks/backends/answer-backend.js';
import { isTerminal } from '../../tasks/task-status.js';
import { TurnsService } from '../../tasks/turns/turns.service.js';
import type { ResolvedTeam } from '../../teams/teams.service.js';
import { ChatAdmission } from '../queue/chat-admission.js';
import { ChatTurns } from './chat-turns.js';
import { DirectChatTeams } from '../plan/direct-chat-teams.js';
import type { StreamChatDto, StreamTaskDto } from '../direct-chat.dto.js';
import { RunLaunch } from '../queue/run-launch.js';
import { RunPlans } from '../plan/run-plan.js';

const DEFAULT_TEAM = 'demo-team';
const KEY_PATTERN = /^[\x21-\x7e]{1,128}$/;

/** Which answer a caller gets to read. */
export interface StartedAnswer {
  taskId: number;
  subtaskId: number;
  /** False for an answer that an earlier request has started. */
  isNew: boolean;
}

interface Idempotency {
  key: string;
  hash: string;
}

/** Starting answers. Whatever can be wrong with a request is found here, before the first byte of a stream. */
@Injectable()
export class DirectChatService {
  constructor(
    private readonly turns: TurnsService,
    private readonly teams: DirectChatTeams,
    private readonly plans: RunPlans,
    private readonly admission: ChatAdmission,
    private readonly launch: RunLaunch,
    private readonly chats: ChatTurns,
  ) {}

  /**
   * Stores a turn and starts its answer. The same idempotency key with the same body finds the same answer again.
   * @throws AppError with the codes of the wire contract
   */
  async start(userId: number, dto: StreamChatDto, key: string | undefined): Promise<StartedAnswer> {
    checkPrompt(dto.prompt);
    const idempotency = key === undefined ? null : idempotencyOf(key, dto);
    const known = idempotency && (await this.findKnown(userId, idempotency));
    if (known) return known;
    try {
      return await this.startNew(userId, dto, idempotency);
    } catch (error) {
      // Two requests with one key at the same moment: the other one was first.
      const other = idempotency && isUniqueViolation(error) ? await this.findKnown(userId, idempotency) : null;
      if (!other) throw error;

      return other;
    }
  }

  private async startNew(userId: number, dto: StreamChatDto, idempotency: Idempotency | null): Promise<StartedAnswer> {
    const team = await this.teamOf(userId, dto);
    this.teams.require(team);
    const { task_id: taskId, prompt, title, inputs, files } = dto;
    const choice = { modelId: dto.model_id ?? null, prompt: null, inputs: inputs ?? null, files: files ?? null };
    const stored = await this.chats.start({ userId, taskId, team, prompt, title, idempotency }, choice);

    return { taskId: stored.taskId, subtaskId: stored.subtaskId, isNew: true };
  }

  private async teamOf(userId: number, dto: StreamChatDto): Promise<ResolvedTeam> {
    if (dto.team_id !== undefined || dto.team_name !== undefined || dto.task_id === undefined) {
      return this.turns.teamFor(userId, dto.team_id === undefined ? { team_name: dto.team_name ?? DEFAULT_TEAM } : dto);
    }
    const { task } = await this.turns.newestAnswer(userId, dto.task_id);

    return this.turns.teamFor(userId, { team_id: task.teamId });
  }

  private async findKnown(userId: number, { key, hash }: Idempotency): Promise<StartedAnswer | null> {
    const known = await this.turns.findByIdempotencyKey(userId, key);
    if (known && known.hash !== hash) {
      throw new AppError(
        'idempotency_key_reused',
        'This Idempotency-Key was used with another body: use a new key for a new request',
      );
    }

    return known && { taskId: known.taskId, subtaskId: known.subtaskId, isNew: false };
  }

  /** Starts the waiting answer of a task made by the tasks API, or appends a turn to an ended task. */
  async startTask(userId: number, taskId: number, dto: StreamTaskDto): Promise<StartedAnswer> {
    const turn = await this.turns.newestTurn(userId, taskId);
    const { task, first } = turn;
    if (isTerminal(task.status)) return this.appendTurn(userId, taskId, task.teamId, dto);
    if (first.status !== 'PENDING' || first.runRequestedAt) throw busy(taskId, task.status);
    const team = await this.turns.teamFor(userId, { team_id: first.teamId });
    this.teams.require(team);
    const { prompt } = await this.turns.questionOf(first);
    const choice = await this.chats.withInputs({ userId, taskId, team, prompt }, choiceOf(dto));
    if (turn.steps.length > 1) await this.plans.choose(userId, team, choice, task);
    const plan = await this.plans.load(turn, first, choice);
    await this.admission.admit((limit) => this.turns.requestRun(userId, taskId, first.id, { ...choice, limit }));
    await this.launch.start(plan);

    return { taskId, subtaskId: first.id, isNew: true };
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
    const { subtaskId } = await this.chats.start({ userId, taskId, team, prompt }, choiceOf(dto));

    return { taskId, subtaskId, isNew: true };
  }
}

function busy(taskId: number, status: string): AppError {
  return new AppError(
    'task_busy',
    `Task ${taskId} is ${status}: attach by GET /api/direct-chat/${taskId}/stream, or cancel it`,
  );
}

/** @throws AppError bad_request for a malformed key */
function idempotencyOf(key: string, dto: StreamChatDto): Idempotency {
  if (!KEY_PATTERN.test(key))
    throw new AppError('bad_request', 'Idempotency-Key must have 1 to 128 visible ASCII characters');
  const entries = Object.entries(dto).sort(([a], [b]) => (a < b ? -1 : 1));

  return { key, hash: createHash('sha256').update(JSON.stringify(entries)).digest('hex') };
}

function choiceOf({ bot_prompt: prompt, inputs, files }: StreamTaskDto): RunChoice {
  return { modelId: null, prompt: prompt ?? null, inputs: inputs ?? null, files: files ?? null };
}
