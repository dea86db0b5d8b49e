/**
 * A bot's `agent_config`: the model it is bound to, or its own connection to a model or a Dify app, read from `env` in
 * all the spellings that Wegent's bots and Claude Code use.
 */
import { isJsonObject, type JsonObject, parseJson } from '../common/text/json.js';
import type { SecretBox } from '../common/secrets/secret-box.js';
import { envField, envReader, type ReadVariable } from '../common/env-fields.js';
import { AppError } from '../common/app-error.js';
import type { ModelParameters, ModelSettings, ProviderKind } from '../common/contracts/chat-provider.js';
import { baseUrlProblem, headerProblems } from '../models/model-parameters.js';
import { pastedKey, pastedText } from '../common/text/pasted.js';
import { DIFY_MODES, type DifyConnection, type DifyMode, isDifyMode } from '../common/contracts/dify.js';

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

/** The bot's own connection; null when it has none. */
export function agentEnv(config: JsonObject): JsonObject | null {
  return isJsonObject(config.env) && Object.keys(config.env).length > 0 ? config.env : null;
}

/** Encrypts a config; null when it is empty. Unchanged text is not encrypted again. */
export function sealConfig(config: JsonObject, box: SecretBox, stored: string | null = null): string | null {
  return Object.keys(config).length > 0 ? box.reseal(JSON.stringify(config), stored) : null;
}

/** Decrypts a config. @throws SecretBoxError when it cannot be decrypted any more */
export function openConfig(sealed: string | null, box: SecretBox): JsonObject {
  return sealed === null ? {} : (JSON.parse(box.open(sealed)) as JsonObject);
}

/** For replies: empty when it cannot be decrypted. */
export function tryOpenConfig(sealed: string | null, box: SecretBox): JsonObject {
  const text = sealed === null ? null : box.tryOpen(sealed);

  return text === null ? {} : (JSON.parse(text) as JsonObject);
}

const VENDOR: Readonly<Record<ProviderKind, string>> = { claude: 'ANTHROPIC', openai: 'OPENAI' };
const TYPE_WORDS: ReadonlyMap<string, ProviderKind> = new Map([
  ['claude', 'claude'],
  ['anthropic', 'claude'],
  ['openai', 'openai'],
]);

/**
 * The model of a bot with its own connection.
 * @throws AppError model_not_configured saying what is missing or wrong
 */
export function modelSettingsFromEnv(botName: string, env: JsonObject): ModelSettings {
  return readModelEnv(botName, env, (problem) => `Bot "${botName}": agent_config.env ${problem}`);
}

/** The same for any owner of an `env`; `describe` builds the message from a problem like `has no MODEL_ID`. */
export function readModelEnv(name: string, env: JsonObject, describe: (problem: string) => string): ModelSettings {
  const fail = (problem: string) => new AppError('model_not_configured', describe(problem));
  const read = envReader(env);
  const provider = providerOf(read, fail);
  const vendor = VENDOR[provider];
  const modelId = read('MODEL_ID') ?? modelOf(read) ?? read(`${vendor}_MODEL`);
  if (!modelId) throw fail(`has no MODEL_ID (or MODEL, ${vendor}_MODEL)`);

  const baseUrl = read('BASE_URL') ?? read('API_BASE_URL') ?? read(`${vendor}_BASE_URL`) ?? null;
  const urlProblem = baseUrl && baseUrlProblem(baseUrl);
  if (urlProblem) throw fail(`has a base URL that ${urlProblem}`);
  const headers = headersOf(envField(env, 'CUSTOM_HEADERS'), fail);

  return { name, provider, modelId, baseUrl, ...credentialOf(read, vendor), headers };
}

type Fail = (problem: string) => AppError;

function providerOf(read: ReadVariable, fail: Fail): ProviderKind {
  const type = read('MODEL_TYPE')?.toLowerCase();
  if (type !== undefined) {
    const known = TYPE_WORDS.get(type);
    if (!known) throw fail(`has the unknown MODEL_TYPE "${type}": use claude or openai`);

    return known;
  }
  const word = TYPE_WORDS.get(read('MODEL')?.toLowerCase() ?? '');

  return word ?? guessProvider(read);
}

function guessProvider(read: ReadVariable): ProviderKind {
  const anthropic = ['API_KEY', 'AUTH_TOKEN', 'BASE_URL', 'MODEL'].some((name) => read(`ANTHROPIC_${name}`));
  const id = read('MODEL_ID') ?? read('MODEL') ?? '';

  return anthropic || /^claude/i.test(id) ? 'claude' : 'openai';
}

/** `MODEL`, unless it means the type, as Wegent's `model: claude` does. */
function modelOf(read: ReadVariable): string | undefined {
  const model = read('MODEL');

  return model && TYPE_WORDS.has(model.toLowerCase()) ? undefined : model;
}

/** The vendor's own key; a key of another vendor must never be sent. */
function credentialOf(read: ReadVariable, vendor: string): { apiKey: string | null; parameters: ModelParameters } {
  const key = read('API_KEY') ?? read(`${vendor}_API_KEY`);
  const apiKey = key && pastedKey(key);
  const token = vendor === VENDOR.claude ? read('ANTHROPIC_AUTH_TOKEN') : undefined;
  if (apiKey === undefined && token !== undefined)
    return { apiKey: pastedKey(token), parameters: { authScheme: 'bearer' } };

  return { apiKey: apiKey || null, parameters: {} };
}

function headersOf(value: unknown, fail: Fail): Record<string, string> {
  if (value === undefined) return {};
  const parsed = typeof value === 'string' ? parseJson(value) : value;
  if (!isJsonObject(parsed)) throw fail('has custom_headers that are not a JSON object');
  const headers = Object.fromEntries(Object.entries(parsed).map(([name, text]) => [name, scalarText(text)]));
  const [problem] = headerProblems(headers, 'custom_headers');
  if (problem) throw fail(`has a wrong header: ${problem.field} ${problem.message}`);

  return headers as Record<string, string>;
}

function scalarText(value: unknown): unknown {
  if (typeof value === 'string') return pastedText(value);

  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
}

/** The default address of apps. */
export const DIFY_CLOUD_URL = 'https://api.dify.ai';

/** The Dify app of a bot. @throws AppError model_not_configured saying what is missing or wrong */
export function difyConnectionFromEnv(botName: string, env: JsonObject): DifyConnection {
  const fail = (problem: string) =>
    new AppError('model_not_configured', `Bot "${botName}": agent_config.env ${problem}`);
  const read = envReader(env);
  const apiKey = read('DIFY_API_KEY');
  if (!apiKey) throw fail('has no DIFY_API_KEY');
  const baseUrl = read('DIFY_BASE_URL') ?? DIFY_CLOUD_URL;
  const urlProblem = baseUrlProblem(baseUrl);
  if (urlProblem) throw fail(`has a DIFY_BASE_URL that ${urlProblem}`);

  return {
    baseUrl: difyBaseUrl(baseUrl),
    apiKey: pastedKey(apiKey),
    appId: read('DIFY_APP_ID') ?? null,
    mode: modeOf(read('DIFY_APP_MODE'), fail),
    inputs: inputsOf(envField(env, 'DIFY_PARAMS'), fail),
  };
}

/** A page of Dify's console or of a published app, which people copy in place of the address of the API. */
const DIFY_PAGE = /\/(?:apps?|chat|chatbot|workflow|completion|agent)\/[\w-]{8,}(?:\/.*)?$/;
const DIFY_CONSOLE = 'cloud.dify.ai';

/**
 * The address of the API up to `/v1`. Wegent stores it without, Dify's console shows it with `/v1`, its reference with the
 * path of a call behind.
 */
export function difyBaseUrl(text: string): string {
  const url = new URL(pastedText(text));
  if (url.hostname === DIFY_CONSOLE) url.hostname = new URL(DIFY_CLOUD_URL).hostname;
  const [prefix = ''] = url.pathname.split(/\/v1(?:\/|$)/);

  return `${url.origin}${prefix.replace(DIFY_PAGE, '').replace(/\/+$/, '')}/v1`;
}

function modeOf(text: string | undefined, fail: (problem: string) => AppError): DifyMode | null {
  if (text === undefined) return null;
  if (isDifyMode(text)) return text;
  throw fail(`has the unknown DIFY_APP_MODE "${text}": use one of ${DIFY_MODES.join(', ')}`);
}

function inputsOf(value: unknown, fail: (problem: string) => AppError): JsonObject {
  if (value === undefined) return {};
  const inputs = typeof value === 'string' ? parseJson(value) : value;
  if (!isJsonObject(inputs)) throw fail('has DIFY_PARAMS that are not a JSON object');

  return inputs;
}
