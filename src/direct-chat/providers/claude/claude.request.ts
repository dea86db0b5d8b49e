/** Builds requests of Anthropic's Messages API. */
import type { ModelRequest, ModelSettings } from '../../../common/contracts/chat-provider.js';
import { defined, endpoint, mergeHeaders, type ModelPost, normalizeTurns, ownHeaders } from '../request-parts.js';

const DEFAULT_BASE_URL = 'https://api.anthropic.com';
/** The older of the two versions: the newer one refuses `temperature`, and gateways know this one. */
const API_VERSION = '2023-06-01';
/** The API demands a bound; every Claude model accepts this one. */
const DEFAULT_MAX_TOKENS = 4096;

/**
 * Anthropic's API reference: `POST {base}/v1/messages`, where base has no `/v1` (a given one is removed).
 * `temperature` and `thinking` are sent only when set, because which values are accepted depends on the model.
 */
export function claudeRequest(request: ModelRequest): ModelPost {
  const { model } = request;
  const parameters = model.parameters;
  const body = defined({
    model: model.modelId,
    max_tokens: parameters.maxTokens ?? DEFAULT_MAX_TOKENS,
    stream: true,
    // Blank text blocks are refused.
    system: request.system.trim() === '' ? undefined : request.system,
    messages: normalizeTurns(request.messages),
    temperature: parameters.temperature,
    top_p: parameters.topP,
    stop_sequences: parameters.stop,
    thinking: parameters.thinking,
    metadata: request.endUser ? { user_id: request.endUser } : undefined,
  });

  return { url: claudeUrl(model.baseUrl), headers: claudeHeaders(model), body: { ...body, ...parameters.extraBody } };
}

function claudeUrl(baseUrl: string | null): URL {
  const toMessages = (path: string) =>
    path.endsWith('/v1/messages') ? path : `${path.replace(/\/v1$/, '')}/v1/messages`;
  return endpoint(baseUrl ?? DEFAULT_BASE_URL, toMessages);
}

/** Exactly one of `x-api-key` and `authorization`: Anthropic refuses both together, and gateways differ in which wins. */
function claudeHeaders(model: ModelSettings): Record<string, string> {
  const bearer = model.parameters.authScheme === 'bearer';
  const own = ownHeaders(model);
  const headers: Record<string, string> = { 'anthropic-version': API_VERSION, accept: 'text/event-stream' };
  if (model.apiKey && !('authorization' in own) && !('x-api-key' in own)) {
    if (bearer) headers['authorization'] = `Bearer ${model.apiKey}`;
    else headers['x-api-key'] = model.apiKey;
  }
  const merged = mergeHeaders(headers, model);
  if (!('authorization' in merged && 'x-api-key' in merged)) return merged;
  const removed = bearer ? 'x-api-key' : 'authorization';

  return Object.fromEntries(Object.entries(merged).filter(([name]) => name !== removed));
}
