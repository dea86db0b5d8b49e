/** Reads the connection to a model from a bot's `agent_config.env`, in all the spellings that Wegent's bots and Claude Code use. */
import { AppError } from '../common/app-error.js';
import type { ModelParameters, ModelSettings, ProviderKind } from '../common/chat-provider.js';
import { isJsonObject, type JsonObject, parseJson } from '../common/json.js';
import { baseUrlProblem, headerProblems } from '../models/model-parameters.js';

const VENDOR: Readonly<Record<ProviderKind, string>> = { claude: 'ANTHROPIC', openai: 'OPENAI' };
const TYPE_WORDS: Readonly<Record<string, ProviderKind>> = { claude: 'claude', anthropic: 'claude', openai: 'openai' };

/**
 * The model of a bot that brings its own connection.
 * @throws AppError model_not_configured saying what is missing or wrong
 */
export function modelSettingsFromEnv(botName: string, env: JsonObject): ModelSettings {
  return readModelEnv(botName, env, (problem) => `Bot "${botName}": agent_config.env ${problem}`);
}

/** The same for any owner of an `env`; `describe` makes a message of a problem like `has no MODEL_ID`. */
export function readModelEnv(name: string, env: JsonObject, describe: (problem: string) => string): ModelSettings {
  const fail = (problem: string) => new AppError('model_not_configured', describe(problem));
  const read = reader(env);
  const provider = providerOf(read, fail);
  const vendor = VENDOR[provider];
  const modelId = read('MODEL_ID') ?? modelOf(read) ?? read(`${vendor}_MODEL`);
  if (!modelId) throw fail(`has no MODEL_ID (or MODEL, ${vendor}_MODEL)`);

  const baseUrl = read('BASE_URL') ?? read('API_BASE_URL') ?? read(`${vendor}_BASE_URL`) ?? null;
  const urlProblem = baseUrl && baseUrlProblem(baseUrl);
  if (urlProblem) throw fail(`has a base URL that ${urlProblem}`);
  const headers = headersOf(field(env, 'CUSTOM_HEADERS'), fail);

  return { name, provider, modelId, baseUrl, ...credentialOf(read, vendor), headers };
}

type Read = (name: string) => string | undefined;
type Fail = (problem: string) => AppError;

/** Names are compared without case, underscores and hyphens: API_KEY, api_key and apiKey are one. */
const plain = (name: string) => name.replace(/[_-]/g, '').toUpperCase();

/** A variable of the env, whatever the spelling of its name; undefined when it is empty. */
export function field(env: JsonObject, name: string): unknown {
  const wanted = plain(name);

  return Object.entries(env).find(([key, value]) => plain(key) === wanted && value !== '' && value !== null)?.[1];
}

/** Reads variables as trimmed texts. */
export function reader(env: JsonObject): Read {
  return (name) => {
    const value = field(env, name);
    const text = typeof value === 'number' ? String(value) : value;

    return typeof text === 'string' ? text.trim() || undefined : undefined;
  };
}

function providerOf(read: Read, fail: Fail): ProviderKind {
  const type = read('MODEL_TYPE')?.toLowerCase();
  if (type !== undefined) {
    const known = TYPE_WORDS[type];
    if (!known) throw fail(`has the unknown MODEL_TYPE "${type}": use claude or openai`);

    return known;
  }
  const word = TYPE_WORDS[read('MODEL')?.toLowerCase() ?? ''];

  return word ?? guessProvider(read);
}

function guessProvider(read: Read): ProviderKind {
  const anthropic = ['API_KEY', 'AUTH_TOKEN', 'BASE_URL', 'MODEL'].some((name) => read(`ANTHROPIC_${name}`));
  const id = read('MODEL_ID') ?? read('MODEL') ?? '';

  return anthropic || /^claude/i.test(id) ? 'claude' : 'openai';
}

/** `MODEL`, unless it means the type, as Wegent's `model: claude` does. */
function modelOf(read: Read): string | undefined {
  const model = read('MODEL');

  return model && TYPE_WORDS[model.toLowerCase()] ? undefined : model;
}

/** A key of the other vendor is never used: it would be sent to strangers. */
function credentialOf(read: Read, vendor: string): { apiKey: string | null; parameters: ModelParameters } {
  const apiKey = read('API_KEY') ?? read(`${vendor}_API_KEY`);
  const token = vendor === VENDOR.claude ? read('ANTHROPIC_AUTH_TOKEN') : undefined;
  if (apiKey === undefined && token !== undefined) return { apiKey: token, parameters: { authScheme: 'bearer' } };

  return { apiKey: apiKey ?? null, parameters: {} };
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

const scalarText = (value: unknown) =>
  typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
