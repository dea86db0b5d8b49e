import { envField, envReader, type ReadVariable } from '../../common/env-fields.js';
import { isJsonObject, parseJson } from '../../common/text/json.js';
import { pastedKey } from '../../common/text/pasted.js';
import type { WorkBot } from '../tasks/work-item.js';

/** How a bot reaches its model. */
export interface ModelConnection {
  provider: 'claude' | 'openai';
  modelId: string | undefined;
  apiKey: string | undefined;
  /** In place of a key: sent as `Authorization: Bearer`. */
  authToken: string | undefined;
  baseUrl: string | undefined;
  headers: Record<string, string>;
}

const PROVIDERS: ReadonlyMap<string, ModelConnection['provider']> = new Map([
  ['claude', 'claude'],
  ['anthropic', 'claude'],
  ['openai', 'openai'],
]);

/** Reads the connection from the `env` of a bot, in the spellings of Wegent and of Claude Code. */
export function modelConnection({ env }: WorkBot, fallback: ModelConnection['provider']): ModelConnection {
  const read = envReader(env);
  const provider = providerOf(read) ?? fallback;
  const vendor = provider === 'claude' ? 'ANTHROPIC' : 'OPENAI';
  const first = (...names: string[]) => names.map(read).find((text) => text !== undefined);
  const model = read('MODEL');
  const key = first('API_KEY', `${vendor}_API_KEY`);
  const token = provider === 'claude' && key === undefined ? read('ANTHROPIC_AUTH_TOKEN') : undefined;

  return {
    provider,
    modelId:
      read('MODEL_ID') ?? (model && PROVIDERS.has(model.toLowerCase()) ? undefined : model) ?? read(`${vendor}_MODEL`),
    apiKey: key && pastedKey(key),
    authToken: token && pastedKey(token),
    baseUrl: first('BASE_URL', 'API_BASE_URL', `${vendor}_BASE_URL`),
    headers: headersOf(envField(env, 'CUSTOM_HEADERS') ?? envField(env, 'ANTHROPIC_CUSTOM_HEADERS')),
  };
}

function providerOf(read: ReadVariable): ModelConnection['provider'] | undefined {
  const named = PROVIDERS.get((read('MODEL_TYPE') ?? read('MODEL') ?? '').toLowerCase());
  if (named) return named;
  if (['API_KEY', 'AUTH_TOKEN', 'BASE_URL', 'MODEL'].some((name) => read(`ANTHROPIC_${name}`))) return 'claude';

  return undefined;
}

/** A JSON object, or lines of `name: value`. */
function headersOf(value: unknown): Record<string, string> {
  const parsed = typeof value === 'string' ? (parseJson(value) ?? linesOf(value)) : value;
  const headers = isJsonObject(parsed) ? Object.entries(parsed) : [];

  return Object.fromEntries(
    headers
      .filter(([, text]) => ['string', 'number', 'boolean'].includes(typeof text))
      .map(([name, text]) => [name, String(text)]),
  );
}

function linesOf(text: string): Record<string, string> {
  const pairs = text.split('\n').map((line) => /^\s*([^:\s]+)\s*:\s*(.*?)\s*$/.exec(line));

  return Object.fromEntries(pairs.filter((pair) => pair !== null).map(([, name = '', value = '']) => [name, value]));
}
