import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { ProviderKind } from '../common/contracts/chat-provider.js';
import { BoolField, EnumField, ObjectField, TextField } from '../common/fields.js';
import type { JsonObject } from '../common/text/json.js';
import { ModelParametersDto } from './model-parameters.js';
import { RefusesUnknownFields } from '../infra/http/server/validation.pipe.js';

const PROVIDERS = ['claude', 'openai'] as const;
const optional = true;
const nullable = true;
const maxBytes = 32_768;

/** Names can stand in a path as they are. */
const MODEL_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

const NameField = (isOptional = false) =>
  TextField({
    max: 100,
    pattern: MODEL_NAME,
    patternMessage: 'must begin with a letter or digit and may hold letters, digits, dots, underscores and hyphens',
    example: 'my-claude',
    optional: isOptional,
  });

/** What can be set of a model. Left out: unchanged; null: removed. */
export class ModelFields {
  @TextField({ max: 200, optional, nullable })
  displayName?: string | null;

  /**
   * Default: the provider's
   * @example https://api.anthropic.com
   */
  @TextField({ max: 2000, optional, nullable })
  baseUrl?: string | null;

  /** Write only. A masked value leaves the stored one */
  @TextField({ max: 4000, min: 0, optional, nullable })
  apiKey?: string | null;

  /** Extra headers of each request */
  @ObjectField({ optional, nullable, maxBytes, example: { 'X-Team': 'docs' } })
  headers?: Record<string, string> | null;

  /** See ModelParameters */
  @ObjectField({ optional, maxBytes, example: { maxTokens: 4096 } })
  parameters?: JsonObject;

  @BoolField({ optional })
  isActive?: boolean;
}

@RefusesUnknownFields()
export class CreateModelDto extends ModelFields {
  @NameField()
  name!: string;

  @EnumField(PROVIDERS)
  provider!: ProviderKind;

  /** @example claude-sonnet-4-5 */
  @TextField({ max: 200 })
  modelId!: string;
}

@RefusesUnknownFields()
export class UpdateModelDto extends ModelFields {
  @NameField(true)
  name?: string;

  @EnumField(PROVIDERS, { optional })
  provider?: ProviderKind;

  @TextField({ max: 200, optional })
  modelId?: string;
}

export class UnifiedModelsQuery {
  /** Only models that this type of shell can use */
  @TextField({ max: 100, optional })
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

  /** Extra headers, as of a model */
  @ObjectField({ optional })
  headers?: Record<string, string>;

  /** See ModelParameters */
  @ObjectField({ optional })
  parameters?: JsonObject;
}

export class TestConnectionResultDto {
  success!: boolean;

  /** What went wrong, in words for the user */
  message!: string;
}

export class ModelDto {
  name!: string;

  type!: 'public' | 'user';

  displayName!: string | null;

  provider!: ProviderKind;

  modelId!: string;

  baseUrl!: string | null;

  /** Masked */
  apiKey!: string | null;

  /** Secrets masked */
  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' } })
  headers!: JsonObject;

  parameters!: ModelParametersDto;

  isActive!: boolean;

  createdAt!: Date;

  updatedAt!: Date;
}

/** Of many large ones in one list the last come without headers and parameters. */
export class ListedModelDto extends ModelDto {
  /** Present when headers and parameters were left out, which `GET /api/models/{name}` has */
  @ApiPropertyOptional({ type: 'boolean', enum: [true] })
  detailsOmitted?: true;
}

export class ModelListDto {
  total!: number;

  items!: ListedModelDto[];
}

/** A model as Wegent's web client knows it. */
export class UnifiedModelDto {
  name!: string;

  type!: 'public' | 'user';

  displayName!: string | null;

  provider!: ProviderKind;

  modelId!: string;

  /** Wegent's modelConfig, secrets masked */
  config?: JsonObject;

  isActive!: boolean;
}

export class UnifiedModelListDto {
  data!: UnifiedModelDto[];
}
