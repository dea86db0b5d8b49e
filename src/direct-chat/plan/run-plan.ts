import { Injectable } from '@nestjs/common';
import { AppError } from '../../common/app-error.js';
import type { ChatMessage, ChatRequest, ModelSettings } from '../../common/contracts/chat-provider.js';
import type { DifyConnection, DifyTurn } from '../../common/contracts/dify.js';
import { stepPrompt, withoutParams } from '../../common/text/prompt.js';
import { DIFY_SHELL } from '../../common/contracts/shell-types.js';
import { DifyApps } from '../../dify/client/dify-apps.js';
import { EndUserPseudonyms } from '../../infra/crypto/end-user-pseudonyms.js';
import { ModelsService } from '../../models/models.service.js';
import { type AnswerTurn, isByExecutor, type SubtaskRow } from '../../tasks/turns/answer-turn.js';
import { choiceOf, type RunChoice } from '../../tasks/turns/new-turn.js';
import { ConversationPaths } from '../../tasks/turns/conversation-paths.js';
import { placesOf } from '../../tasks/turns/turn-tree.js';
import { needsExecutor } from '../../tasks/turns/turn-steps.js';
import { TurnsService } from '../../tasks/turns/turns.service.js';
import { answering, leaderOf, type ResolvedMember, type ResolvedTeam } from '../../teams/resolved-teams.js';
import { TeamsService } from '../../teams/teams.service.js';
import { fitIntoWindow } from './context-window.js';
import type { ProviderRun } from '../run/provider-runs.js';
import { SessionHistory } from './session-history.js';

/** How an answer is produced. Contains secrets: never stored. */
export interface RunPlan {
  userId: number;
  taskId: number;
  subtaskId: number;
  /** Positions of the question and of its answer in the task. */
  questionId: number;
  messageId: number;
  /** Position of the message before the question; 0 when it begins the conversation. */
  parentId: number;
  /** The user's question. */
  prompt: string;
  /** Answer of the pipeline's step before this one; null for a first step. */
  previous: string | null;
  /** The step that follows; null for a last one. */
  next: { id: number; isByExecutor: boolean } | null;
  shellType: string;
  /** Null for an app, which is {@link dify} then. */
  model: ModelSettings | null;
  dify: DifyTurn | null;
  /** Name of the model or app, for clients. */
  label: string;
  system: string;
}

/** A task's choice of model, for bots that bind none or for all. */
export interface TaskChoice {
  modelId: string | null;
  forceOverrideBotModel: boolean;
}

/** Loads the plans of answers from the database, and checks them for requests. */
@Injectable()
export class RunPlans {
  constructor(
    private readonly teams: TeamsService,
    private readonly models: ModelsService,
    private readonly turns: TurnsService,
    private readonly conversations: ConversationPaths,
    private readonly history: SessionHistory,
    private readonly apps: DifyApps,
    private readonly pseudonyms: EndUserPseudonyms,
  ) {}

  /**
   * Checks that the bots of all steps can answer, before the first step is paid. Those that need executors are checked when
   * their turn is stored.
   * @throws AppError model_not_configured, not_found
   */
  async check(userId: number, team: ResolvedTeam, choice: RunChoice, task?: TaskChoice): Promise<void> {
    for (const member of answering(team))
      if (!needsExecutor(member.shellType)) await this.chooseFor(userId, member, choice, task);
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
  async load(turn: AnswerTurn, step: SubtaskRow): Promise<RunPlan> {
    const chosen = await this.chosenFor(turn, step);
    const { userId, taskId, id: subtaskId, messageId } = step;
    const asked = await this.turns.questionOf(step);
    const ids = { userId, taskId, subtaskId, messageId, questionId: asked.messageId, parentId: asked.parentId };
    const before = turn.steps[turn.steps.indexOf(step) - 1];
    const previous = before ? (before.result?.value ?? '') : null;
    const after = turn.after(step);
    const next = after && { id: after.id, isByExecutor: isByExecutor(after) };

    return { ...ids, prompt: asked.prompt, previous, next, ...chosen };
  }

  /** Returns shell and model for the `start` event of an answer; `unknown` when its bot or model is deleted. */
  async labelOf(turn: AnswerTurn, step: SubtaskRow): Promise<{ shell_type: string; model: string }> {
    try {
      const { shellType, label } = await this.chosenFor(turn, step);

      return { shell_type: shellType, model: label };
    } catch (error) {
      if (!(error instanceof AppError)) throw error;

      return { shell_type: 'unknown', model: 'unknown' };
    }
  }

  /** Returns the app that answers a step; null when a model does, or the app is deleted. */
  async appOf(turn: AnswerTurn, step: SubtaskRow): Promise<DifyConnection | null> {
    const team = await this.teams.resolve(step.userId, { id: step.teamId }).catch(() => null);

    return team && memberOf(team, step, turn.steps.indexOf(step)).dify;
  }

  private async chosenFor(turn: AnswerTurn, step: SubtaskRow) {
    const team = await this.teams.resolve(step.userId, { id: step.teamId });
    const member = memberOf(team, step, turn.steps.indexOf(step));

    return this.chooseFor(step.userId, member, choiceOf(turn.first), turn.task);
  }

  /** Builds the request to the provider, with the part of the conversation that fits into the model's window. */
  async toRequest(plan: RunPlan, upstream: ProviderRun | null): Promise<ChatRequest> {
    const { userId, taskId, subtaskId, model, dify, system, questionId } = plan;
    const turnsBefore = plan.parentId === 0 ? [] : (await this.conversations.tree(taskId)).pathTo(plan.parentId);
    const before = await this.history.read(taskId, placesOf(turnsBefore));
    const turns = [
      ...withoutInputs(before),
      { role: 'user' as const, content: stepPrompt({ ...plan, prompt: withoutParams(plan.prompt) }) },
    ];
    const messages = fitIntoWindow(turns, system, model?.parameters ?? {});
    const app = dify && upstream ? { dify, upstream } : {};

    const endUser = this.pseudonyms.of(userId);

    const path = [...turnsBefore.map(({ place }) => place), questionId];

    return { taskId, subtaskId, endUser, model, ...app, system, messages, path };
  }
}

/** Removes the inputs in front of prompts, which apps receive separately. */
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

/** Returns the model that replaces the bot's own; null for the bot's. */
function modelName(choice: RunChoice, task: TaskChoice | undefined, isBound: boolean): string | null {
  const forced = choice.modelId ?? (task?.forceOverrideBotModel ? task.modelId : null);

  return forced ?? (isBound ? null : (task?.modelId ?? null));
}

/** Whether a model can be called: self-hosted servers may need no key, the providers' public addresses do. */
function isUsable({ apiKey, baseUrl, headers }: ModelSettings): boolean {
  return apiKey !== null || baseUrl !== null || Object.keys(headers).length > 0;
}

/** Returns the bot of a step: the stored one, preferably at its position; the leader when the team has changed. */
function memberOf(team: ResolvedTeam, { botIds }: SubtaskRow, position: number): ResolvedMember {
  if (team.mode !== 'pipeline') return leaderOf(team);
  const isStored = (member: ResolvedMember | undefined) => member !== undefined && member.id === botIds[0];
  const candidate = team.members[position];

  return (isStored(candidate) ? candidate : team.members.find(isStored)) ?? leaderOf(team);
}
