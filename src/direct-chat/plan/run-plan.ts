import { Injectable } from '@nestjs/common';
import { AppError } from '../../common/app-error.js';
import type { ChatMessage, ChatRequest, ModelSettings } from '../../common/chat-provider.js';
import type { DifyConnection, DifyTurn } from '../../common/dify.js';
import { withoutParams } from '../../common/params-block.js';
import { DIFY_SHELL } from '../../common/shell-types.js';
import { stepPrompt } from '../../common/step-prompt.js';
import { DifyApps } from '../../dify/client/dify-apps.js';
import { EndUserPseudonyms } from '../../infra/crypto/end-user-pseudonyms.js';
import { ModelsService } from '../../models/models.service.js';
import type { AnswerTurn } from '../../tasks/turns/answer-turn.js';
import type { RunChoice } from '../../tasks/backends/answer-backend.js';
import { type Answer, TurnsService } from '../../tasks/turns/turns.service.js';
import { answering, leaderOf } from '../../teams/answering.js';
import { type ResolvedMember, type ResolvedTeam, TeamsService } from '../../teams/teams.service.js';
import { fitIntoWindow } from './context-window.js';
import type { ProviderRun } from '../run/provider-runs.js';
import { SessionHistory } from './session-history.js';

/** Everything that a run needs to know. Holds secrets: it stays in memory. */
export interface RunPlan {
  userId: number;
  taskId: number;
  subtaskId: number;
  /** Positions of the question and of its answer in the conversation. */
  questionId: number;
  messageId: number;
  /** The user's question. */
  prompt: string;
  /** What the step of the pipeline before this one has answered; null for a first step. */
  previous: string | null;
  /** Subtasks of the steps that follow, in order. */
  later: readonly number[];
  shellType: string;
  /** Null for an app, which is {@link dify} then. */
  model: ModelSettings | null;
  dify: DifyTurn | null;
  /** What clients are told of who answers: the name of the model or of the app. */
  label: string;
  system: string;
}

/** A task's choice of model: for bots that bind none, or for all. */
export interface TaskChoice {
  modelId: string | null;
  forceOverrideBotModel: boolean;
}

/** Loads from the database how an answer is to be produced, and checks it for requests. */
@Injectable()
export class RunPlans {
  constructor(
    private readonly teams: TeamsService,
    private readonly models: ModelsService,
    private readonly turns: TurnsService,
    private readonly history: SessionHistory,
    private readonly apps: DifyApps,
    private readonly names: EndUserPseudonyms,
  ) {}

  /**
   * Checks that the bots of all steps can answer, so that none fails when the steps before it have been paid.
   * @throws AppError model_not_configured, not_found
   */
  async check(userId: number, team: ResolvedTeam, choice: RunChoice, task?: TaskChoice): Promise<void> {
    for (const member of answering(team)) await this.chooseFor(userId, member, choice, task);
  }

  private async chooseFor(userId: number, member: ResolvedMember, choice: RunChoice, task?: TaskChoice) {
    const { shellType } = member;
    const system = [member.systemPrompt, member.prompt, choice.prompt];
    if (shellType === DIFY_SHELL) {
      const dify = difyTurn(member, choice);
      const label = await this.apps.label(dify.connection);

      return { shellType, model: null, dify, label, system: joined(system) };
    }
    const model = await this.modelFor(userId, member, choice, task);

    return {
      shellType,
      model,
      dify: null,
      label: model.name,
      system: joined([model.parameters.systemPrompt, ...system]),
    };
  }

  private async modelFor(userId: number, member: ResolvedMember, choice: RunChoice, task?: TaskChoice) {
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

    return model;
  }

  /** Returns the plan of a stored answer. @throws AppError when its team or model cannot be used any more */
  async load(turn: AnswerTurn, step: Answer['subtask']): Promise<RunPlan> {
    const chosen = await this.chosenFor(turn, step);
    const { userId, taskId, id: subtaskId, messageId } = step;
    const said = await this.turns.conversation(taskId, messageId);
    const question = said.filter((row) => row.role === 'USER').at(-1);
    const asked = question ?? { prompt: turn.task.prompt, messageId: turn.first.messageId - 1 };
    const ids = { userId, taskId, subtaskId, messageId, questionId: asked.messageId };
    const before = turn.steps[turn.steps.indexOf(step) - 1];
    const previous = before ? (before.result?.value ?? '') : null;

    return { ...ids, prompt: asked.prompt, previous, later: turn.after(step).map(({ id }) => id), ...chosen };
  }

  /** What the `start` event of an answer says that is known already, although its bot or model may be gone. */
  async labelOf(turn: AnswerTurn, step: Answer['subtask']): Promise<{ shell_type: string; model: string }> {
    try {
      const { shellType, label } = await this.chosenFor(turn, step);

      return { shell_type: shellType, model: label };
    } catch (error) {
      if (!(error instanceof AppError)) throw error;

      return { shell_type: 'unknown', model: 'unknown' };
    }
  }

  /** The app that answers a step; null when it is none, or is gone. */
  async appOf(turn: AnswerTurn, step: Answer['subtask']): Promise<DifyConnection | null> {
    const team = await this.teams.resolve(step.userId, { id: step.teamId }).catch(() => null);

    return team && memberOf(team, step, turn.steps.indexOf(step)).dify;
  }

  private async chosenFor(turn: AnswerTurn, step: Answer['subtask']) {
    const team = await this.teams.resolve(step.userId, { id: step.teamId });
    const member = memberOf(team, step, turn.steps.indexOf(step));

    return this.chooseFor(step.userId, member, storedChoice(turn), turn.task);
  }

  /** What the provider is asked: the conversation, as much of it as the model's window takes. */
  async toRequest(plan: RunPlan, upstream: ProviderRun | null): Promise<ChatRequest> {
    const { userId, taskId, subtaskId, model, dify, system } = plan;
    const before = await this.history.before(taskId, plan.questionId);
    const said = [...withoutInputs(before), { role: 'user' as const, content: stepPrompt(asked(plan)) }];
    const messages = fitIntoWindow(said, system, model?.parameters ?? {});
    const app = dify && upstream ? { dify, upstream } : {};

    const isFirst = plan.questionId === 1;

    return { taskId, subtaskId, endUser: this.names.of(userId), model, ...app, system, messages, isFirst };
  }
}

function storedChoice({ first }: AnswerTurn): RunChoice {
  const { runModel: modelId, runPrompt: prompt, runInputs: inputs, runFiles: files } = first;

  return { modelId, prompt, inputs, files };
}

/** Inputs in front of a prompt are for apps, which get them apart from it. */
function asked(plan: RunPlan): RunPlan {
  return { ...plan, prompt: withoutParams(plan.prompt) };
}

function withoutInputs(messages: readonly ChatMessage[]): ChatMessage[] {
  const texts = messages.map((each) =>
    each.role === 'user' ? { ...each, content: withoutParams(each.content) } : each,
  );

  return texts.filter(({ content }) => content.trim() !== '');
}

function joined(prompts: readonly (string | null | undefined)[]): string {
  return prompts.filter(Boolean).join('\n\n');
}

/** @throws AppError model_not_configured when the bot's connection is not usable */
function difyTurn({ id, name, dify, modelProblem }: ResolvedMember, { inputs, files }: RunChoice): DifyTurn {
  if (!dify) throw new AppError('model_not_configured', modelProblem ?? `Bot "${name}" has no Dify app`);

  return { botId: id, connection: dify, inputs: { ...dify.inputs, ...inputs }, files: files ?? [] };
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

/** The bot of a step: the one at its place in the pipeline, as long as nobody has changed the team; else the leader. */
function memberOf(team: ResolvedTeam, { botIds }: Answer['subtask'], place: number): ResolvedMember {
  if (team.mode !== 'pipeline') return leaderOf(team);
  const isMeant = (member: ResolvedMember | undefined) => member !== undefined && member.id === botIds[0];
  const placed = team.members[place];

  return (isMeant(placed) ? placed : team.members.find(isMeant)) ?? leaderOf(team);
}
