/** Reads the connection to a Dify app from a bot's `agent_config.env`. */
import { AppError } from '../common/app-error.js';
import { DIFY_MODES, type DifyConnection, type DifyMode, isDifyMode } from '../common/dify.js';
import { isJsonObject, type JsonObject, parseJson } from '../common/json.js';
import { baseUrlProblem } from '../models/model-parameters.js';
import { field, reader } from './agent-env.js';

/** Where apps are unless somebody says otherwise. */
export const DIFY_CLOUD_URL = 'https://api.dify.ai';

/** @throws AppError model_not_configured saying what is missing or wrong */
export function difyConnectionFromEnv(botName: string, env: JsonObject): DifyConnection {
  const fail = (problem: string) =>
    new AppError('model_not_configured', `Bot "${botName}": agent_config.env ${problem}`);
  const read = reader(env);
  const apiKey = read('DIFY_API_KEY');
  if (!apiKey) throw fail('has no DIFY_API_KEY');
  const baseUrl = read('DIFY_BASE_URL') ?? DIFY_CLOUD_URL;
  const urlProblem = baseUrlProblem(baseUrl);
  if (urlProblem) throw fail(`has a DIFY_BASE_URL that ${urlProblem}`);

  return {
    baseUrl: difyBaseUrl(baseUrl),
    apiKey,
    appId: read('DIFY_APP_ID') ?? null,
    mode: modeOf(read('DIFY_APP_MODE'), fail),
    inputs: inputsOf(field(env, 'DIFY_PARAMS'), fail),
  };
}

/** Wegent stores the address without `/v1`, Dify's console shows it with: both mean the same. */
export function difyBaseUrl(text: string): string {
  return `${text.trim().replace(/\/+$/, '').replace(/\/v1$/, '').replace(/\/+$/, '')}/v1`;
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
