/** Reads each kind of seed document. */
import { readModelEnv } from '../bots/agent-config.js';
import { AppError } from '../common/app-error.js';
import type { ModelParameters, ModelSettings } from '../common/contracts/chat-provider.js';
import { isJsonObject, type JsonObject, parseJson } from '../common/text/json.js';
import { DIRECT_CHAT_SHELLS } from '../common/contracts/shell-types.js';
import { parameterProblems } from '../models/model-parameters.js';
import type { ModelSeed } from '../models/model-values.js';
import type { ShellSeed } from '../shells/shells.service.js';
import type { DocumentReader } from './document-reader.js';

const MAX_PROMPT = 60_000;
/** Wegent's labels of shells: `direct_chat` is its name of shells whose models are asked without a container. */
const EXECUTION_TYPES: ReadonlyMap<unknown, ShellSeed['executionType']> = new Map([
  ['local_engine', 'local_engine'],
  ['external_api', 'external_api'],
  ['direct_chat', 'external_api'],
]);
const CONFIG = ['spec', 'modelConfig'] as const;
const ENV = [...CONFIG, 'env'] as const;

/** A bot's soul in Wegent: its prompt and tools. Becomes part of the bot. */
export interface Ghost {
  systemPrompt: string;
  mcpServers: JsonObject;
  skills: string[];
}

/** A model of a provider, or (Dify) a connection that its bots carry themselves. */
export type SeedModel = { kind: 'model'; model: ModelSeed } | { kind: 'env'; env: JsonObject };

export interface SeedBot {
  ghost: string;
  shell: string;
  model: string | null;
}

export interface SeedMember {
  bot: string;
  prompt: string;
  role: string;
}

export interface SeedTeam {
  namespace: string;
  displayName: string | null;
  mode: string;
  members: SeedMember[];
}

export function readGhost(reader: DocumentReader): Ghost {
  return {
    systemPrompt: reader.text(['spec', 'systemPrompt'], { max: MAX_PROMPT, empty: true }),
    mcpServers: reader.object(['spec', 'mcpServers']),
    skills: reader.texts(['spec', 'skills']),
  };
}

export function readShell(reader: DocumentReader): ShellSeed {
  const field =
    reader.value(['spec', 'shellType']) === undefined && reader.value(['spec', 'runtime']) ? 'runtime' : 'shellType';
  const shellType = reader.text(['spec', field]);
  const label = ['metadata', 'labels', 'type'];
  const executionType = EXECUTION_TYPES.get(reader.value(label));
  if (!executionType && reader.value(label) !== undefined)
    reader.problem(label, `must be one of ${[...EXECUTION_TYPES.keys()].join(', ')}`);

  return {
    name: reader.name,
    displayName: displayName(reader),
    shellType,
    executionType: executionType ?? (DIRECT_CHAT_SHELLS.includes(shellType) ? 'external_api' : 'local_engine'),
    supportModel: reader.texts(['spec', 'supportModel']),
    baseImage: reader.optionalText(['spec', 'baseImage'], 500),
    baseShellRef: reader.optionalText(['spec', 'baseShellRef'], 100),
  };
}

/** Why a document of a kind that Conch has cannot be used here: models that generate no text. Null when it can. */
export function unusable(reader: DocumentReader): string | null {
  const type = reader.document.kind === 'Model' ? reader.value(['spec', 'modelType']) : undefined;

  return typeof type === 'string' && type !== 'llm' ? `models of the type "${type}" are not supported` : null;
}

export function readModel(reader: DocumentReader): SeedModel | null {
  reader.refuseUnfilled(CONFIG);
  const env = envOf(reader);
  if (!env) return null;
  if (Object.keys(env).some((name) => /^dify/i.test(name))) return { kind: 'env', env };
  const settings = settingsOf(reader, env);
  const parameters = reader.object([...CONFIG, 'parameters']);
  for (const { field, message } of parameterProblems(parameters, 'parameters')) {
    reader.problem([...CONFIG, ...field.split('.')], message);
  }
  if (!settings) return null;
  const model = {
    ...settings,
    displayName: displayName(reader),
    parameters: { ...settings.parameters, ...(parameters as ModelParameters) },
  };

  return { kind: 'model', model };
}

export function readBot(reader: DocumentReader): SeedBot {
  const hasModel = reader.value(['spec', 'modelRef']) !== undefined && reader.value(['spec', 'modelRef']) !== null;

  return {
    ghost: reader.text(['spec', 'ghostRef', 'name']),
    shell: reader.text(['spec', 'shellRef', 'name']),
    model: hasModel ? reader.text(['spec', 'modelRef', 'name']) : null,
  };
}

export function readTeam(reader: DocumentReader): SeedTeam {
  const members = reader.list(['spec', 'members'], true).map((_member, index) => ({
    bot: reader.text(['spec', 'members', index, 'botRef', 'name']),
    prompt: reader.text(['spec', 'members', index, 'prompt'], { optional: true, max: MAX_PROMPT, empty: true }),
    role: reader.text(['spec', 'members', index, 'role'], { optional: true, empty: true }),
  }));

  return {
    namespace: reader.text(['metadata', 'namespace'], { optional: true }) || 'default',
    displayName: displayName(reader),
    mode: reader.text(['spec', 'collaborationModel'], { max: 50 }),
    members,
  };
}

function displayName(reader: DocumentReader): string | null {
  return reader.optionalText(['metadata', 'displayName'], 200);
}

/** Wegent keeps `env` as an object or as JSON text; `protocol` says the type when `env.model` does not. */
function envOf(reader: DocumentReader): JsonObject | null {
  const config = reader.object(CONFIG, true);
  const env = typeof config.env === 'string' ? parseJson(config.env) : config.env;
  if (!isJsonObject(env)) {
    reader.problem(ENV, config.env === undefined ? 'is required' : 'must be an object');

    return null;
  }
  const protocol = reader.optionalText(['spec', 'protocol'], 50);
  const headers = config.customHeaders ?? config.custom_headers;

  return {
    ...env,
    ...(protocol && { MODEL_TYPE: protocol }),
    ...(headers !== undefined && { CUSTOM_HEADERS: headers }),
  };
}

function settingsOf(reader: DocumentReader, env: JsonObject): ModelSettings | null {
  try {
    return readModelEnv(reader.name, env, (problem) => problem);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    reader.problem(ENV, error.message);

    return null;
  }
}
