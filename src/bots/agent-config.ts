/** A bot's `agent_config`: which model it is bound to, or its own connection. */
import { isJsonObject, type JsonObject } from '../common/json.js';
import type { SecretBox } from '../common/secret-box.js';

const MODEL_FIELDS = ['bind_model', 'model_name'];

/** Name of the bound model: Wegent writes `bind_model`. */
export function boundModel(config: JsonObject): string | null {
  const name = config.bind_model ?? config.model_name;

  return typeof name === 'string' && name.trim() !== '' ? name.trim() : null;
}

/** The config bound to another model, or (null) to none. */
export function bindModel(config: JsonObject, modelName: string | null): JsonObject {
  const rest = Object.fromEntries(Object.entries(config).filter(([name]) => !MODEL_FIELDS.includes(name)));

  return modelName === null ? rest : { ...rest, bind_model: modelName };
}

/** The bot's own connection; null when it brings none. */
export function agentEnv(config: JsonObject): JsonObject | null {
  return isJsonObject(config.env) && Object.keys(config.env).length > 0 ? config.env : null;
}

export function sealConfig(config: JsonObject, box: SecretBox, stored: string | null = null): string | null {
  return Object.keys(config).length > 0 ? box.reseal(JSON.stringify(config), stored) : null;
}

/** @throws SecretBoxError when it cannot be decrypted any more */
export function openConfig(sealed: string | null, box: SecretBox): JsonObject {
  return sealed === null ? {} : (JSON.parse(box.open(sealed)) as JsonObject);
}

/** For replies: one that cannot be decrypted shows as empty. */
export function tryOpenConfig(sealed: string | null, box: SecretBox): JsonObject {
  const text = sealed === null ? null : box.tryOpen(sealed);

  return text === null ? {} : (JSON.parse(text) as JsonObject);
}
