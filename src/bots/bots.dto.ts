import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { BoolField, ObjectField, TextField, TextListField } from '../common/fields.js';
import type { JsonObject } from '../common/text/json.js';
import { maskObject } from '../common/secrets/mask.js';
import { bindModel } from './agent-config.js';
import type { BotRow, BotSummaryRow } from './bots.repository.js';

const optional = true;
const nullable = true;
const maxBytes = 65_536;
const ENV_EXAMPLE = { env: { MODEL_TYPE: 'claude', MODEL_ID: 'claude-sonnet-4-5', API_KEY: 'sk-…' } };

/** Fields that creating and changing share. Left out: unchanged; null: empty. */
export class BotFields {
  /** Either `{bind_model: name}` or `{env: {…}}` with the connection. Masked values leave the stored ones */
  @ObjectField({ optional, nullable, maxBytes, example: ENV_EXAMPLE })
  agent_config?: JsonObject | null;

  /** Name of the model to bind; the same as agent_config.bind_model */
  @TextField({ max: 100, optional, nullable })
  model_name?: string | null;

  @TextField({ max: 60_000, min: 0, optional, nullable })
  system_prompt?: string | null;

  @ObjectField({ optional, nullable, maxBytes })
  mcp_servers?: JsonObject | null;

  @TextListField({ optional, nullable, maxItems: 100, max: 200 })
  skills?: string[] | null;

  /** False is the same as deleting */
  @BoolField({ optional })
  is_active?: boolean;
}

export class CreateBotDto extends BotFields {
  /** @example writer */
  @TextField({ max: 100 })
  name!: string;

  /** @example Chat */
  @TextField({ max: 100 })
  shell_name!: string;
}

export class UpdateBotDto extends BotFields {
  @TextField({ max: 100, optional })
  name?: string;

  @TextField({ max: 100, optional })
  shell_name?: string;
}

export class BotDto {
  id!: number;

  /** 0 = public */
  user_id!: number;

  name!: string;

  shell_name!: string;

  /** Null when the shell does not exist any more */
  shell_type!: string | null;

  /** Secrets masked */
  agent_config!: JsonObject;

  model_name!: string | null;

  system_prompt!: string;

  /** Secrets masked */
  mcp_servers!: JsonObject;

  skills!: string[];

  is_active!: boolean;

  created_at!: Date;

  updated_at!: Date;
}

/** Of many large ones in one list the last come without prompt, configuration, servers and skills. */
export class ListedBotDto extends BotDto {
  /** Present when these were left out, which `GET /api/bots/{id}` has */
  @ApiPropertyOptional({ type: 'boolean', enum: [true] })
  details_omitted?: true;
}

export class BotListDto {
  total!: number;

  items!: ListedBotDto[];
}

/** What tasks show of the bots that answer. */
export class BotSummaryDto {
  id!: number;

  name!: string;

  shell_name!: string;

  shell_type!: string | null;

  model_name!: string | null;
}

/** What a team shows of its bots. */
export class TeamBotSummaryDto extends BotSummaryDto {
  /** Secrets masked, the bound model as `bind_model`; of one larger than 1 KiB only that */
  @ApiProperty({ type: 'object', additionalProperties: true })
  agent_config!: JsonObject;
}

/** Characters of a configuration that a team shows. A list of teams has up to 2000 bots. */
const MAX_SUMMARY_CONFIG = 1_024;
/** The same of one that is encrypted, which is longer. */
export const MAX_SEALED_SUMMARY = 2 * MAX_SUMMARY_CONFIG;

/** The bot as the API shows it. @param config its agent_config in clear @param servers its MCP servers in clear */
export function toBotDto(row: BotRow, shellType: string | null, config: JsonObject, servers: JsonObject): BotDto {
  return {
    id: row.id,
    user_id: row.userId ?? 0,
    name: row.name,
    shell_name: row.shellName,
    shell_type: shellType,
    agent_config: maskObject(config),
    model_name: row.modelName,
    system_prompt: row.systemPrompt,
    mcp_servers: maskObject(servers),
    skills: row.skills,
    is_active: row.isActive,
    created_at: row.createdAt,
    updated_at: row.updatedAt,
  };
}

export function toBotSummary(row: BotSummaryRow, shellType: string | null): BotSummaryDto {
  const { id, name, shellName, modelName } = row;

  return { id, name, shell_name: shellName, shell_type: shellType, model_name: modelName };
}

/** @param config its agent_config in clear */
export function toTeamBotSummary(row: BotSummaryRow, shellType: string | null, config: JsonObject): TeamBotSummaryDto {
  const masked = maskObject(config);
  const isLarge = row.isLarge || JSON.stringify(masked).length > MAX_SUMMARY_CONFIG;

  return Object.assign(toBotSummary(row, shellType), {
    agent_config: isLarge ? bindModel({}, row.modelName) : masked,
  });
}
