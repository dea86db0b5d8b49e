import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { ProviderKind } from '../common/chat-provider.js';
import { BoolField, EnumField, ObjectField, TextField } from '../common/fields.js';
import type { JsonObject } from '../common/json.js';
import { ModelParametersDto } from './model-parameters.js';

const PROVIDERS = ['claude', 'openai'] as const;
const optional = true;
const nullable = true;

/** Names can stand in a path as they are. */
export const MODEL_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

const NameField = (isOptional = false) =>
  TextField({
    max: 100,
    pattern: MODEL_NAME,
    patternMessage: 'must begin with a letter or digit and may hold letters, digits, dots, underscores and hyphens',
    example: 'my-claude',
    optional: isOptional,
  });

/** What can be set of a model. Left out: unchanged; null: removed. */
class ModelFields {
  @TextField({ max: 200, optional, nullable })
  displayName?: string | null;

  @TextField({
    max: 2000,
    optional,
    nullable,
    example: 'https://api.anthropic.com',
    description: "Default: the provider's",
  })
  baseUrl?: string | null;

  @TextField({ max: 4000, min: 0, optional, nullable, description: 'Write only. A masked value leaves the stored one' })
  apiKey?: string | null;

  @ObjectField({ optional, nullable, description: 'Extra headers of each request', example: { 'X-Team': 'docs' } })
  headers?: Record<string, string> | null;

  @ObjectField({ optional, description: 'See ModelParameters', example: { maxTokens: 4096 } })
  parameters?: JsonObject;

  @BoolField({ optional })
  isActive?: boolean;
}

export class CreateModelDto extends ModelFields {
  @NameField()
  name!: string;

  @EnumField(PROVIDERS)
  provider!: ProviderKind;

  @TextField({ max: 200, example: 'claude-sonnet-4-5' })
  modelId!: string;
}

export class UpdateModelDto extends ModelFields {
  @NameField(true)
  name?: string;

  @EnumField(PROVIDERS, { optional })
  provider?: ProviderKind;

  @TextField({ max: 200, optional })
  modelId?: string;
}

export class UnifiedModelsQuery {
  @TextField({ max: 100, optional, description: 'Only models that this type of shell can use' })
  shell_type?: string;

  @BoolField({ optional, query: true })
  include_config?: boolean;
}

export class UnifiedModelQuery {
  @EnumField(['public', 'user'], { optional })
  model_type?: 'public' | 'user';
}

/** Body of `POST /api/models/test-connection`. */
export class TestConnectionDto {
  @EnumField(['openai', 'anthropic', 'claude'])
  provider_type!: 'openai' | 'anthropic' | 'claude';

  @TextField({ max: 200 })
  model_id!: string;

  @TextField({ max: 4000, secret: true })
  api_key!: string;

  @TextField({ max: 2000, optional, nullable })
  base_url?: string | null;
}

export class TestConnectionResultDto {
  @ApiProperty()
  success!: boolean;

  @ApiProperty({ description: 'What went wrong, in words for the user' })
  message!: string;
}

export class ModelDto {
  @ApiProperty()
  name!: string;

  @ApiProperty({ enum: ['public', 'user'] })
  type!: 'public' | 'user';

  @ApiProperty({ type: String, nullable: true })
  displayName!: string | null;

  @ApiProperty({ enum: PROVIDERS })
  provider!: ProviderKind;

  @ApiProperty()
  modelId!: string;

  @ApiProperty({ type: String, nullable: true })
  baseUrl!: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'Masked' })
  apiKey!: string | null;

  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' }, description: 'Secrets masked' })
  headers!: JsonObject;

  @ApiProperty({ type: ModelParametersDto })
  parameters!: ModelParametersDto;

  @ApiProperty()
  isActive!: boolean;

  @ApiProperty()
  createdAt!: Date;

  @ApiProperty()
  updatedAt!: Date;
}

export class ModelListDto {
  @ApiProperty()
  total!: number;

  @ApiProperty({ type: [ModelDto] })
  items!: ModelDto[];
}

/** A model as Wegent's web client knows it. */
export class UnifiedModelDto {
  @ApiProperty()
  name!: string;

  @ApiProperty({ enum: ['public', 'user'] })
  type!: 'public' | 'user';

  @ApiProperty({ type: String, nullable: true })
  displayName!: string | null;

  @ApiProperty({ enum: PROVIDERS })
  provider!: ProviderKind;

  @ApiProperty()
  modelId!: string;

  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: true,
    description: "Wegent's modelConfig, secrets masked",
  })
  config?: JsonObject;

  @ApiProperty()
  isActive!: boolean;
}

export class UnifiedModelListDto {
  @ApiProperty({ type: [UnifiedModelDto] })
  data!: UnifiedModelDto[];
}
