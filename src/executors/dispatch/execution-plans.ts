import { Injectable } from '@nestjs/common';
import { AuthService } from '../../auth/auth.service.js';
import { type ExecutorUser, UsersService } from '../../auth/users.service.js';
import { agentEnv, openConfig } from '../../bots/agent-config.js';
import { AppError } from '../../common/app-error.js';
import type { ModelSettings } from '../../common/chat-provider.js';
import type { JsonObject } from '../../common/json.js';
import { SecretBox } from '../../common/secret-box.js';
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
}

/** Everything that an executor needs to know besides the subtask itself. Holds secrets: it goes into the reply only. */
export interface ExecutionPlan {
  user: ExecutorUser;
  mode: string;
  bots: PlannedBot[];
  /** With which the executor may call the API for the user. */
  authToken: string;
}

/** Works out who answers a subtask, and with what. Reads within the transaction that holds the subtask. */
@Injectable()
export class ExecutionPlans {
  constructor(
    private readonly users: UsersService,
    private readonly auth: AuthService,
    private readonly teams: TeamsService,
    private readonly models: ModelsService,
    private readonly box: SecretBox,
  ) {}

  /** @throws AppError, SecretBoxError when something that it needs is gone or cannot be read */
  async make(tx: Db, offer: ClaimedSubtask): Promise<ExecutionPlan> {
    const { subtask, task, turn } = offer;
    const user = await this.users.forExecutor(subtask.userId, task.gitDomain, tx);
    const team = await this.teams.resolveWithin(tx, subtask.userId, subtask.teamId);
    const bots: PlannedBot[] = [];
    for (const [index, botId] of subtask.botIds.entries()) {
      const member = memberOf(team, botId, team.mode === 'pipeline' ? turn.position : index);
      requireShell(member);
      bots.push({ member, agentConfig: await this.configOf(tx, member, offer) });
    }

    return { user, mode: team.mode, bots, authToken: await this.auth.executorToken(user.userName) };
  }

  /** Forced by the task, bound to the bot, brought by the bot, chosen for the task: in this order. */
  private async configOf(tx: Db, member: ResolvedMember, { subtask, task }: ClaimedSubtask): Promise<JsonObject> {
    const own = openConfig(member.sealedConfig, this.box);
    const chosen = (name: string) => this.chosenModel(tx, subtask.userId, name);
    if (task.forceOverrideBotModel && task.modelId) return agentConfigOf(own, await chosen(task.modelId));
    if (member.modelName !== null) return agentConfigOf(own, boundModel(member));
    if (agentEnv(own) || !task.modelId) return agentConfigOf(own, null);

    return agentConfigOf(own, await chosen(task.modelId));
  }

  /** A model of the user's own or a public one: never somebody else's, whose key would pay. */
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

/** The member at this place, as far as the team is still what it was; else the bot wherever it is now. */
function memberOf(team: ResolvedTeam, botId: number, position: number): ResolvedMember {
  const placed = team.members[position];
  const member = placed?.id === botId ? placed : team.members.find(({ id }) => id === botId);
  if (!member) throw new AppError('conflict', `Team "${team.name}" has changed: bot ${botId} is no member any more`);

  return member;
}
