import { AppError } from '../common/app-error.js';
import type { ModelSettings } from '../common/contracts/chat-provider.js';
import { isJsonObject, type JsonObject } from '../common/text/json.js';
import { maskObject, maskSecret } from '../common/secrets/mask.js';
import { pastedKey, pastedText } from '../common/text/pasted.js';
import { type SecretBox, SecretBoxError } from '../common/secrets/secret-box.js';
import type { ModelDto, UnifiedModelDto } from './models.dto.js';
import type { ModelRow } from './models.repository.js';

/** The stored headers in clear; null when they cannot be read. */
export function openHeaders(box: SecretBox, sealed: string | null): JsonObject | null {
  const text = sealed === null ? '{}' : box.tryOpen(sealed);
  if (text === null) return null;
  const value: unknown = JSON.parse(text);

  return isJsonObject(value) ? value : null;
}

/**
 * A model ready to be called.
 * @throws AppError model_not_configured when its secrets cannot be decrypted any more
 */
export function toModelSettings(row: ModelRow, box: SecretBox): ModelSettings {
  const { name, provider, parameters } = row;
  const modelId = pastedText(row.modelId);
  const baseUrl = row.baseUrl === null ? null : pastedText(row.baseUrl);
  try {
    const headers = row.headers === null ? {} : (JSON.parse(box.open(row.headers)) as Record<string, string>);
    const apiKey = row.apiKey === null ? null : pastedKey(box.open(row.apiKey));

    return { name, provider, modelId, baseUrl, apiKey, headers, parameters };
  } catch (error) {
    if (!(error instanceof SecretBoxError)) throw error;
    const message = `The secrets of model "${name}" cannot be read (${error.message}): enter them again`;
    throw new AppError('model_not_configured', message, { cause: error });
  }
}

/** A model as the API shows it: secrets masked, those of public models altogether. */
export function toModelDto(row: ModelRow, box: SecretBox): ModelDto {
  return {
    name: row.name,
    type: typeOf(row),
    displayName: row.displayName,
    provider: row.provider,
    modelId: row.modelId,
    baseUrl: row.baseUrl,
    apiKey: maskedKey(row, box),
    headers: maskObject(openHeaders(box, row.headers) ?? {}, row.userId === null),
    parameters: row.parameters,
    isActive: row.isActive,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
  };
}

/** The same in the shape of Wegent's web client. */
export function toUnifiedDto(row: ModelRow, box: SecretBox, includeConfig: boolean): UnifiedModelDto {
  return {
    name: row.name,
    type: typeOf(row),
    displayName: row.displayName,
    provider: row.provider,
    modelId: row.modelId,
    ...(includeConfig && { config: wegentConfig(row, box) }),
    isActive: row.isActive,
  };
}

function wegentConfig(row: ModelRow, box: SecretBox): JsonObject {
  const { provider, modelId, baseUrl, apiKey, headers } = toModelDto(row, box);

  return {
    env: {
      model: provider,
      model_id: modelId,
      api_key: apiKey ?? '',
      base_url: baseUrl ?? '',
      ...(Object.keys(headers).length > 0 && { custom_headers: headers }),
    },
  };
}

function maskedKey(row: ModelRow, box: SecretBox): string | null {
  if (row.apiKey === null) return null;
  const key = row.userId === null ? null : box.tryOpen(row.apiKey);

  return key === null ? maskSecret('') : maskSecret(key);
}

const typeOf = (row: ModelRow) => (row.userId === null ? 'public' : 'user');
