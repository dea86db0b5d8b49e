import { Injectable } from '@nestjs/common';
import { AppError } from '../common/app-error.js';
import type { ModelSettings } from '../common/contracts/chat-provider.js';
import type { DifyConnection } from '../common/contracts/dify.js';
import type { Owner } from '../common/owned.js';
import { SecretBox, SecretBoxError } from '../common/secrets/secret-box.js';
import type { Db } from '../infra/database/database.js';
import { type ModelLookup, ModelsService } from '../models/models.service.js';
import { DIFY_SHELL } from '../common/contracts/shell-types.js';
import { type ShellLookup, shellProblem, ShellsService } from '../shells/shells.service.js';
import { agentEnv, difyConnectionFromEnv, modelSettingsFromEnv, openConfig } from './agent-config.js';
import type { StoredServers } from './bot-servers.js';
import { type BotRow, BotsRepository } from './bots.repository.js';

/** A bot with everything that a run needs. The secrets of its model are in clear. */
export interface ResolvedBot {
  id: number;
  name: string;
  shellName: string;
  shellType: string;
  executionType: 'local_engine' | 'external_api';
  /** Why the bot cannot work in its shell; null when it can. */
  shellProblem: string | null;
  systemPrompt: string;
  /** Null when the bot has no usable model: {@link modelProblem} says why. */
  model: ModelSettings | null;
  /** The app that answers for a bot of the shell `Dify`, which has no model. */
  dify: DifyConnection | null;
  modelProblem: string | null;
  /** Name of the bound model; null when the bot has its own connection, or none. */
  modelName: string | null;
  /** For executors: the bot's own `agent_config` as it is stored, and what its container needs. */
  sealedConfig: string | null;
  servers: StoredServers;
  skills: string[];
  baseImage: string | null;
}

type Upstream = Pick<ResolvedBot, 'model' | 'dify' | 'modelProblem'>;

/** Looks up shells and models of bots: a user's bot uses the user's own first, a public bot only public ones. */
@Injectable()
export class BotResolver {
  constructor(
    private readonly repository: BotsRepository,
    private readonly shells: ShellsService,
    private readonly models: ModelsService,
    private readonly box: SecretBox,
  ) {}

  /**
   * Returns the active bots with these ids that the user may use, in the order of the ids. Three queries in two steps.
   * @param db reads within a transaction of the caller's
   * @throws AppError conflict when a bot's shell does not exist any more
   */
  async resolve(userId: Owner, ids: readonly number[], db?: Db): Promise<ResolvedBot[]> {
    const rows = await this.repository.visible(userId, [...ids], db);
    const names = [...new Set(rows.flatMap(({ modelName }) => modelName ?? []))];
    const [shells, models] = await Promise.all([
      this.shellsOf(userId, rows, db),
      this.models.findMany(userId, names, db),
    ]);
    const byId = new Map(rows.map((row) => [row.id, row]));

    return ids.flatMap((id) => {
      const row = byId.get(id);

      return row ? [this.toResolved(row, shells, models)] : [];
    });
  }

  /** Returns the shells of some bots, by one query. */
  shellsOf(userId: Owner, rows: readonly Pick<BotRow, 'shellName'>[], db?: Db): Promise<ShellLookup> {
    return this.shells.findMany(userId, [...new Set(rows.map(({ shellName }) => shellName))], db);
  }

  private toResolved(row: BotRow, shells: ShellLookup, models: ModelLookup): ResolvedBot {
    const { id, name, shellName, systemPrompt, modelName, agentConfig: sealedConfig, skills } = row;
    const servers = { mcpServers: row.mcpServers, mcpServersSealed: row.mcpServersSealed };
    const shell = shells(row.userId, shellName);
    if (!shell)
      throw new AppError('conflict', `Bot "${name}" uses the shell "${shellName}", which does not exist any more`);
    const { shellType, executionType, baseImage } = shell;
    const own = { id, name, shellName, systemPrompt, modelName, sealedConfig, servers, skills };

    return {
      ...own,
      shellType,
      executionType,
      baseImage,
      shellProblem: shellProblem(shell),
      ...this.upstreamOf(row, shellType, models),
    };
  }

  private upstreamOf(row: BotRow, shellType: string, models: ModelLookup): Upstream {
    const none = { model: null, dify: null, modelProblem: null };
    try {
      if (shellType === DIFY_SHELL) return { ...none, dify: this.app(row) };
      const model = row.modelName === null ? this.ownModel(row) : models(row.userId, row.modelName);
      if (model) return { ...none, model };
      const problem =
        row.modelName === null
          ? 'binds no model'
          : `binds the model "${row.modelName}", which does not exist or is inactive`;

      return { ...none, modelProblem: `Bot "${row.name}" ${problem}` };
    } catch (error) {
      if (!(error instanceof AppError) && !(error instanceof SecretBoxError)) throw error;
      const reading = error instanceof SecretBoxError ? `Bot "${row.name}": its agent_config cannot be read, ` : '';

      return { ...none, modelProblem: reading + error.message };
    }
  }

  private ownModel(row: BotRow): ModelSettings | null {
    const env = agentEnv(openConfig(row.agentConfig, this.box));

    return env && modelSettingsFromEnv(row.name, env);
  }

  private app(row: BotRow): DifyConnection {
    return difyConnectionFromEnv(row.name, agentEnv(openConfig(row.agentConfig, this.box)) ?? {});
  }
}
