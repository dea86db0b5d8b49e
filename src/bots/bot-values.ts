import { Injectable } from '@nestjs/common';
import { AppError, type FieldProblem } from '../common/app-error.js';
import { isJsonObject, type JsonObject } from '../common/text/json.js';
import { keepMaskedObject } from '../common/secrets/mask.js';
import { SecretBox } from '../common/secrets/secret-box.js';
import { CHAT_SHELL, DIFY_SHELL } from '../common/contracts/shell-types.js';
import { invalid } from '../infra/http/server/validation.pipe.js';
import { ModelsService } from '../models/models.service.js';
import { ShellsService } from '../shells/shells.service.js';
import {
  agentEnv,
  bindModel,
  boundModel,
  difyConnectionFromEnv,
  modelSettingsFromEnv,
  sealConfig,
  tryOpenConfig,
} from './agent-config.js';
import { sealServers, tryOpenServers } from './bot-servers.js';
import type { CreateBotDto, UpdateBotDto } from './bots.dto.js';
import type { BotRow, NewBot } from './bots.repository.js';

/** Turns a request into column values: checked against the shells and models that the user can use, secrets sealed. */
@Injectable()
export class BotValues {
  constructor(
    private readonly shells: ShellsService,
    private readonly models: ModelsService,
    private readonly box: SecretBox,
  ) {}

  /** @throws AppError validation_failed with every problem */
  async from(userId: number, request: CreateBotDto | UpdateBotDto, stored: BotRow | null): Promise<Partial<NewBot>> {
    const config = this.configOf(request, stored);
    const problems = await this.problems(userId, request, stored, config);
    if (problems.length > 0) throw invalid(problems);
    const { name, shell_name: shellName, system_prompt: prompt, mcp_servers: servers, skills } = request;

    return {
      ...(name !== undefined && { name }),
      ...(shellName !== undefined && { shellName }),
      ...(prompt !== undefined && { systemPrompt: prompt ?? '' }),
      ...(servers !== undefined && this.serversOf(servers ?? {}, stored)),
      ...(skills !== undefined && { skills: skills ?? [] }),
      ...(config && { agentConfig: sealConfig(config, this.box), modelName: boundModel(config) }),
    };
  }

  private serversOf(incoming: JsonObject, stored: BotRow | null): Partial<NewBot> {
    return sealServers(keepMaskedObject(incoming, stored && tryOpenServers(stored, this.box)), this.box, stored);
  }

  /** The new agent_config; null when the request does not change it. */
  private configOf(request: UpdateBotDto, stored: BotRow | null): JsonObject | null {
    const { agent_config: incoming, model_name: modelName } = request;
    if (incoming === undefined && modelName === undefined) return null;
    const before = tryOpenConfig(stored?.agentConfig ?? null, this.box);
    const config = incoming === undefined ? before : keepMaskedObject(incoming ?? {}, before);

    return modelName === undefined ? bindModel(config, boundModel(config)) : bindModel(config, modelName);
  }

  private async problems(
    userId: number,
    request: UpdateBotDto,
    stored: BotRow | null,
    config: JsonObject | null,
  ): Promise<FieldProblem[]> {
    const shell = await this.shells.find(userId, request.shell_name ?? stored?.shellName ?? '');
    const wanted = request.shell_name;
    const noShell = wanted !== undefined && !shell ? [await this.unknownShell(userId, wanted)] : [];
    if (!config) return noShell;
    const botName = request.name ?? stored?.name ?? '';
    const connection = shell ? envProblems(botName, shell.shellType, config) : [];

    return [
      ...noShell,
      ...shapeProblems(config),
      ...(await this.modelProblems(userId, request, config)),
      ...connection,
    ];
  }

  private async unknownShell(userId: number, name: string): Promise<FieldProblem> {
    const { data } = await this.shells.unified(userId);
    const known = [...new Set(data.map((shell) => shell.name))].join(', ');

    return { field: 'shell_name', message: `there is no shell "${name}"; there are: ${known || 'none'}` };
  }

  private async modelProblems(userId: number, request: UpdateBotDto, config: JsonObject): Promise<FieldProblem[]> {
    const name = boundModel(config);
    if (name === null || (await this.models.exists(userId, name))) return [];
    const field = request.model_name === undefined ? 'agent_config.bind_model' : 'model_name';

    return [{ field, message: `there is no model "${name}"` }];
  }
}

function shapeProblems(config: JsonObject): FieldProblem[] {
  const wrong = config.env !== undefined && config.env !== null && !isJsonObject(config.env);

  return wrong ? [{ field: 'agent_config.env', message: 'agent_config.env must be an object' }] : [];
}

/** Checks the connection of bots that answer directly; other shells have variables of their own. */
function envProblems(botName: string, shellType: string, config: JsonObject): FieldProblem[] {
  const env = agentEnv(config);
  try {
    if (shellType === DIFY_SHELL) difyConnectionFromEnv(botName, env ?? {});
    if (shellType === CHAT_SHELL && env && !boundModel(config)) modelSettingsFromEnv(botName, env);

    return [];
  } catch (error) {
    if (!(error instanceof AppError)) throw error;

    return [{ field: 'agent_config.env', message: error.message }];
  }
}
