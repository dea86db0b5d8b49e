import type { ModelSettings } from '../common/chat-provider.js';
import type { SecretBox } from '../common/secret-box.js';
import { sealHeaders } from './model-values.js';
import type { ModelRow, NewModel } from './models.repository.js';

/** A public model of a seed file. */
export interface ModelSeed extends ModelSettings {
  displayName: string | null;
}

/** Column values of a seed. Secrets that did not change keep their stored text, unless the key was rotated. */
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
