import { Injectable } from '@nestjs/common';
import { AppError } from '../common/app-error.js';
import type { ChatRequest, ModelSettings } from '../common/chat-provider.js';
import { ModelsService } from '../models/models.service.js';
import type { RunChoice } from '../tasks/run-starters.js';
import { type Answer, TurnsService } from '../tasks/turns.service.js';
import { type ResolvedMember, type ResolvedTeam, TeamsService } from '../teams/teams.service.js';
import { fitIntoWindow } from './context-window.js';
import { SessionHistory } from './session-history.js';

/** Everything that a run needs to know. Holds secrets: it stays in memory. */
export interface RunPlan {
  userId: number;
  taskId: number;
  subtaskId: number;
  /** Positions of the question and of its answer in the conversation. */
  questionId: number;
  messageId: number;
  prompt: string;
  shellType: string;
  model: ModelSettings;
  system: string;
}

/** A task's choice of model: for bots that bind none, or for all. */
export interface TaskChoice {
  modelId: string | null;
  forceOverrideBotModel: boolean;
}

const HAND_OVER_MS = 5_000;

/** Works out how an answer is to be produced, from the request or, in another process, from the database. */
@Injectable()
export class RunPlans {
  private readonly handedOver = new Map<number, { plan: RunPlan; until: number }>();

  constructor(
    private readonly teams: TeamsService,
    private readonly models: ModelsService,
    private readonly turns: TurnsService,
    private readonly history: SessionHistory,
  ) {}

  /** Who answers, and with which model. @throws AppError model_not_configured, not_found */
  async choose(userId: number, team: ResolvedTeam, botId: number | undefined, choice: RunChoice, task?: TaskChoice) {
    const member = memberOf(team, botId);
    const name = modelName(choice, task, member.model !== null);
    const model = name === null ? member.model : await this.models.settings(userId, name);
    if (!model && name !== null) throw new AppError('not_found', `Model "${name}" not found`);
    if (model && !isUsable(model)) {
      throw new AppError(
        'model_not_configured',
        `Model "${model.name}" has no API key: give it one, or a base URL that needs none`,
      );
    }
    if (!model) throw new AppError('model_not_configured', member.modelProblem ?? `Bot "${member.name}" has no model`);
    const system = [model.parameters.systemPrompt, member.systemPrompt, member.prompt, choice.prompt]
      .filter(Boolean)
      .join('\n\n');

    return { shellType: member.shellType, model, system };
  }

  /** Keeps a plan for the worker of this process, which then need not read it from the database. */
  handOver(plan: RunPlan): void {
    const now = Date.now();
    for (const [subtaskId, { until }] of this.handedOver) {
      if (until > now) break;
      this.handedOver.delete(subtaskId);
    }
    this.handedOver.set(plan.subtaskId, { plan, until: now + HAND_OVER_MS });
  }

  /** The plan that was handed over; null when there is none (any more). */
  take(subtaskId: number): RunPlan | null {
    const entry = this.handedOver.get(subtaskId);
    this.handedOver.delete(subtaskId);

    return entry && entry.until > Date.now() ? entry.plan : null;
  }

  /** The plan of a stored answer. @throws AppError when its team or model cannot be used any more */
  async load({ subtask, task }: Answer): Promise<RunPlan> {
    const { userId, taskId, id: subtaskId, messageId } = subtask;
    const team = await this.teams.resolve(userId, { id: subtask.teamId });
    const choice = { modelId: subtask.runModel, prompt: subtask.runPrompt };
    const chosen = await this.choose(userId, team, subtask.botIds[0], choice, task);
    const said = await this.turns.conversation(taskId, messageId);
    const question = said.filter((row) => row.role === 'USER').at(-1);
    const { prompt, messageId: questionId } = question ?? { prompt: task.prompt, messageId: messageId - 1 };

    return { userId, taskId, subtaskId, questionId, messageId, prompt, ...chosen };
  }

  /** What the provider is asked: the conversation, as much of it as the model's window takes. */
  async toRequest({ userId, taskId, subtaskId, questionId, prompt, model, system }: RunPlan): Promise<ChatRequest> {
    const before = await this.history.before(taskId, questionId);
    const messages = fitIntoWindow([...before, { role: 'user', content: prompt }], system, model.parameters);

    return { taskId, subtaskId, endUser: `conch-${userId}`, model, system, messages };
  }
}

/** The model to use in place of the bot's own; null when the bot's is meant. */
function modelName(choice: RunChoice, task: TaskChoice | undefined, isBound: boolean): string | null {
  const forced = choice.modelId ?? (task?.forceOverrideBotModel ? task.modelId : null);

  return forced ?? (isBound ? null : (task?.modelId ?? null));
}

/** Servers of one's own may need no key; the providers' public addresses do. */
function isUsable({ apiKey, baseUrl, headers }: ModelSettings): boolean {
  return apiKey !== null || baseUrl !== null || Object.keys(headers).length > 0;
}

/** The bot that answers: the named one of a pipeline step, else the leader, else the first. */
function memberOf(team: ResolvedTeam, botId: number | undefined): ResolvedMember {
  const leader = team.members.find((member) => member.role === 'leader') ?? team.members[0];
  const named = team.mode === 'pipeline' ? team.members.find((member) => member.id === botId) : undefined;
  const member = named ?? leader;
  if (!member) throw new AppError('conflict', `Team "${team.name}" has no bots`);

  return member;
}
