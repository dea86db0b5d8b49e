import { Injectable } from '@nestjs/common';
import { openServers } from '../../bots/bot-servers.js';
import { ExecutorTokens } from '../../auth/tokens/executor-tokens.js';
import { type ExecutorUser, UsersService } from '../../auth/users/users.service.js';
import { agentEnv, openConfig } from '../../bots/agent-config.js';
import { AppError } from '../../common/app-error.js';
import type { ModelSettings } from '../../common/contracts/chat-provider.js';
import type { JsonObject } from '../../common/text/json.js';
import { SecretBox } from '../../common/secrets/secret-box.js';
import type { Db } from '../../infra/database/database.js';
import { ModelsService } from '../../models/models.service.js';
import type { ResolvedMember, ResolvedTeam } from '../../teams/resolved-teams.js';
import { requireShell, TeamsService } from '../../teams/teams.service.js';
import { agentConfigOf } from './dispatched-subtask.js';
import type { ClaimedSubtask } from './dispatch.repository.js';

/** A bot of a subtask, with the model that it is to use. Holds secrets. */
export interface PlannedBot {
  member: ResolvedMember;
  agentConfig: JsonObject;
  mcpServers: JsonObject;
}

/** Everything that an executor needs to know besides the subtask itself. Holds secrets: it goes into the reply only. */
export interface ExecutionPlan {
  user: ExecutorUser;
  mode: string;
  bots: PlannedBot[];
  /** With which the executor may report on its subtask, until that ends. */
  authToken: string;
}

/** Reads which bots answer a subtask, and with which models, within the transaction that has claimed the subtask. */
@Injectable()
export class ExecutionPlans {
  constructor(
    private readonly users: UsersService,
    private readonly tokens: ExecutorTokens,
    private readonly teams: TeamsService,
    private readonly models: ModelsService,
    private readonly box: SecretBox,
  ) {}

  /** @throws AppError, SecretBoxError when something that it needs is gone or cannot be read */
  async make(tx: Db, claimed: ClaimedSubtask): Promise<ExecutionPlan> {
    const { subtask, task, turn } = claimed;
    const user = await this.users.forExecutor(subtask.userId, task.gitDomain, tx);
    const team = await this.teams.resolveWithin(tx, subtask.userId, subtask.teamId);
    const bots: PlannedBot[] = [];
    for (const [index, botId] of subtask.botIds.entries()) {
      const member = memberOf(team, botId, team.mode === 'pipeline' ? turn.position : index);
      requireShell(member);
      const mcpServers = openServers(member.servers, this.box);
      bots.push({ member, agentConfig: await this.configOf(tx, member, claimed), mcpServers });
    }

    const { id: subtaskId, taskId, offers: offer } = subtask;

    return { user, mode: team.mode, bots, authToken: await this.tokens.sign({ taskId, subtaskId, offer }) };
  }

  /** The model is the one chosen for the turn or forced by the task, bound to the bot, in the bot's config, or chosen for the task: in this order. */
  private async configOf(tx: Db, member: ResolvedMember, { subtask, task }: ClaimedSubtask): Promise<JsonObject> {
    const own = openConfig(member.sealedConfig, this.box);
    const chosen = (name: string) => this.chosenModel(tx, subtask.userId, name);
    if (task.forceOverrideBotModel && task.modelId) return agentConfigOf(own, await chosen(task.modelId));
    if (member.modelName !== null) return agentConfigOf(own, boundModel(member));
    if (agentEnv(own) || !task.modelId) return agentConfigOf(own, null);

    return agentConfigOf(own, await chosen(task.modelId));
  }

  /** Returns a model of the user's own or a public one: never one of another user, whose key would pay. */
  private async chosenModel(tx: Db, userId: number, name: string): Promise<ModelSettings> {
    const model = await this.models.settings(userId, name, tx);
    if (!model) throw new AppError('model_not_configured', `Model "${name}", chosen for the task, does not exist`);

    return model;
  }
}

function boundModel({ model, modelProblem, name }: ResolvedMember): ModelSettings {
  if (!model) throw new AppError('model_not_configured', modelProblem ?? `Bot "${name}" has no model`);

  return model;
}

/** Returns the member at this position if the team has not changed there; else the bot at its new position. */
function memberOf(team: ResolvedTeam, botId: number, position: number): ResolvedMember {
  const placed = team.members[position];
  const member = placed?.id === botId ? placed : team.members.find(({ id }) => id === botId);
  if (!member) throw new AppError('conflict', `Team "${team.name}" has changed: bot ${botId} is no member any more`);

  return member;
}
