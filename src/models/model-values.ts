import type { FieldProblem } from '../common/app-error.js';
import { isJsonObject, type JsonObject } from '../common/text/json.js';
import { isMasked, keepMaskedObject } from '../common/secrets/mask.js';
import { pastedKey, pastedText } from '../common/text/pasted.js';
import type { SecretBox } from '../common/secrets/secret-box.js';
import { invalid } from '../infra/http/server/validation.pipe.js';
import { baseUrlProblem, headerProblems, parameterProblems } from './model-parameters.js';
import { type CreateModelDto, UpdateModelDto } from './models.dto.js';
import { openHeaders } from './models.mapper.js';
import type { ModelRow, NewModel } from './models.repository.js';
import type { ModelSettings } from '../common/contracts/chat-provider.js';

/** Paths of the API that would hide a model of that name. */
const RESERVED_NAMES = ['unified', 'names', 'compatible', 'test-connection'];

/**
 * Column values of what a request sets: checked, secrets sealed, masked ones replaced by the stored ones.
 * @throws AppError validation_failed with every problem
 */
export function modelValues(
  request: CreateModelDto | UpdateModelDto,
  stored: ModelRow | null,
  box: SecretBox,
): Partial<NewModel> {
  const given = asMeant(request);
  const headers = given.headers && keepMaskedObject(given.headers, storedHeaders(stored, box));
  const problems = problemsOf(given, headers, stored);
  if (problems.length > 0) throw invalid(problems);
  const { provider, modelId, displayName, baseUrl, apiKey, parameters, isActive } = given;

  return {
    ...(provider !== undefined && { provider }),
    ...(modelId !== undefined && { modelId }),
    ...(displayName !== undefined && { displayName }),
    ...(baseUrl !== undefined && { baseUrl }),
    ...(apiKey !== undefined && { apiKey: sealKey(apiKey, stored, box) }),
    ...(headers !== undefined && { headers: sealHeaders(headers, box) }),
    ...(parameters !== undefined && { parameters }),
    ...(isActive !== undefined && { isActive }),
  };
}

/** The request without what came along when its texts were copied. */
function asMeant(request: UpdateModelDto): UpdateModelDto {
  const { modelId, baseUrl, apiKey, headers } = request;

  return Object.assign(new UpdateModelDto(), request, {
    ...(modelId !== undefined && { modelId: pastedText(modelId) }),
    ...(baseUrl && { baseUrl: pastedText(baseUrl) }),
    ...(apiKey && { apiKey: pastedKey(apiKey) }),
    ...(headers && { headers: withoutEdges(headers) }),
  });
}

/** Header values without blanks around them. Other values than texts are refused later. */
function withoutEdges(headers: Record<string, string>): Record<string, string> {
  const values = Object.entries(headers).map(([name, value]: [string, unknown]) => [
    name,
    typeof value === 'string' ? pastedText(value) : value,
  ]);

  return Object.fromEntries(values) as Record<string, string>;
}

/** Encrypts headers; null when there are none. */
function sealHeaders(headers: JsonObject | null, box: SecretBox, stored: string | null = null): string | null {
  return headers && Object.keys(headers).length > 0 ? box.reseal(JSON.stringify(headers), stored) : null;
}

function problemsOf(
  request: UpdateModelDto,
  headers: JsonObject | null | undefined,
  stored: ModelRow | null,
): FieldProblem[] {
  const { name, modelId, baseUrl, parameters, apiKey } = request;
  const urlProblem = baseUrl ? baseUrlProblem(baseUrl) : null;
  const keyProblem =
    apiKey && /[^\x21-\x7e]/.test(apiKey) ? 'must hold printable ASCII characters only, no spaces' : null;

  return [
    ...nameProblems(name, stored),
    ...(modelId === '' ? [{ field: 'modelId', message: 'must not be blank' }] : []),
    ...(urlProblem ? [{ field: 'baseUrl', message: urlProblem }] : []),
    ...(keyProblem ? [{ field: 'apiKey', message: keyProblem }] : []),
    ...(isJsonObject(headers) ? headerProblems(headers) : []),
    ...(parameters === undefined ? [] : parameterProblems(parameters)),
  ];
}

function nameProblems(name: string | undefined, stored: ModelRow | null): FieldProblem[] {
  if (name === undefined) return [];
  if (stored && name !== stored.name) return [{ field: 'name', message: 'cannot be changed: bots refer to it' }];

  return RESERVED_NAMES.includes(name)
    ? [{ field: 'name', message: `must not be one of ${RESERVED_NAMES.join(', ')}` }]
    : [];
}

/** A masked key keeps the stored text, even when it cannot be decrypted at the moment. */
function sealKey(incoming: string | null, stored: ModelRow | null, box: SecretBox): string | null {
  if (!incoming) return null;

  return isMasked(incoming) ? (stored?.apiKey ?? null) : box.seal(incoming);
}

function storedHeaders(stored: ModelRow | null, box: SecretBox): JsonObject | null {
  return stored && openHeaders(box, stored.headers);
}

/** A public model of a seed file. */
export interface ModelSeed extends ModelSettings {
  displayName: string | null;
}

/** Column values of a seed. Unchanged secrets keep their stored text, unless the encryption key was rotated. */
export function seedValues(seed: ModelSeed, stored: ModelRow | null, box: SecretBox): NewModel {
  const { name, displayName, provider, modelId, baseUrl, apiKey, headers, parameters } = seed;

  return {
    name,
    displayName,
    provider,
    modelId,
    baseUrl,
    apiKey: apiKey === null ? null : box.reseal(apiKey, stored?.apiKey ?? null),
    headers: sealHeaders(headers, box, stored?.headers ?? null),
    parameters,
    isActive: true,
  };
}
