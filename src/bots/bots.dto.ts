import { ApiProperty } from '@nestjs/swagger';
import { BoolField, ObjectField, TextField, TextListField } from '../common/fields.js';
import type { JsonObject } from '../common/json.js';
import { maskObject } from '../common/mask.js';
import type { BotRow } from './bots.repository.js';

const optional = true;
const nullable = true;
const ENV_EXAMPLE = { env: { MODEL_TYPE: 'claude', MODEL_ID: 'claude-sonnet-4-5', API_KEY: 'sk-…' } };

/** Fields that creating and changing share. Left out: unchanged; null: empty. */
class BotFields {
  @ObjectField({
    optional,
    nullable,
    description: 'Either `{bind_model: name}` or `{env: {…}}` with the connection. Masked values leave the stored ones',
    example: ENV_EXAMPLE,
  })
  agent_config?: JsonObject | null;

  @TextField({
    max: 100,
    optional,
    nullable,
    description: 'Name of the model to bind; the same as agent_config.bind_model',
  })
  model_name?: string | null;

  @TextField({ max: 60_000, min: 0, optional, nullable })
  system_prompt?: string | null;

  @ObjectField({ optional, nullable })
  mcp_servers?: JsonObject | null;

  @TextListField({ optional, nullable, maxItems: 100, max: 200 })
  skills?: string[] | null;

  @BoolField({ optional, description: 'False is the same as deleting' })
  is_active?: boolean;
}

export class CreateBotDto extends BotFields {
  @TextField({ max: 100, example: 'writer' })
  name!: string;

  @TextField({ max: 100, example: 'Chat' })
  shell_name!: string;
}

export class UpdateBotDto extends BotFields {
  @TextField({ max: 100, optional })
  name?: string;

  @TextField({ max: 100, optional })
  shell_name?: string;
}

export class BotDto {
  @ApiProperty()
  id!: number;

  @ApiProperty({ description: '0 = public' })
  user_id!: number;

  @ApiProperty()
  name!: string;

  @ApiProperty()
  shell_name!: string;

  @ApiProperty({ type: String, nullable: true, description: 'Null when the shell does not exist any more' })
  shell_type!: string | null;

  @ApiProperty({ type: 'object', additionalProperties: true, description: 'Secrets masked' })
  agent_config!: JsonObject;

  @ApiProperty({ type: String, nullable: true })
  model_name!: string | null;

  @ApiProperty()
  system_prompt!: string;

  @ApiProperty({ type: 'object', additionalProperties: true, description: 'Secrets masked' })
  mcp_servers!: JsonObject;

  @ApiProperty({ type: [String] })
  skills!: string[];

  @ApiProperty()
  is_active!: boolean;

  @ApiProperty()
  created_at!: Date;

  @ApiProperty()
  updated_at!: Date;
}

export class BotListDto {
  @ApiProperty()
  total!: number;

  @ApiProperty({ type: [BotDto] })
  items!: BotDto[];
}

/** What a team shows of its bots. */
export class BotSummaryDto {
  @ApiProperty()
  id!: number;

  @ApiProperty()
  name!: string;

  @ApiProperty()
  shell_name!: string;

  @ApiProperty({ type: String, nullable: true })
  shell_type!: string | null;

  @ApiProperty({ type: String, nullable: true })
  model_name!: string | null;
}

/** The bot as the API shows it; `config` is its agent_config in clear. */
export function toBotDto(row: BotRow, shellType: string | null, config: JsonObject): BotDto {
  return {
    id: row.id,
    user_id: row.userId ?? 0,
    name: row.name,
    shell_name: row.shellName,
    shell_type: shellType,
    agent_config: maskObject(config),
    model_name: row.modelName,
    system_prompt: row.systemPrompt,
    mcp_servers: maskObject(row.mcpServers),
    skills: row.skills,
    is_active: row.isActive,
    created_at: row.createdAt,
    updated_at: row.updatedAt,
  };
}

export function toBotSummary(row: BotRow, shellType: string | null): BotSummaryDto {
  const { id, name, shellName, modelName } = row;

  return { id, name, shell_name: shellName, shell_type: shellType, model_name: modelName };
}
