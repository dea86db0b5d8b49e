/** Builds requests of OpenAI's Chat Completions API, as compatible servers accept them. */
import type { ModelRequest, ModelSettings } from '../../common/chat-provider.js';
import { defined, endpoint, mergeHeaders, type ModelPost, normalizeTurns, ownHeaders } from './request-parts.js';

const DEFAULT_BASE_URL = 'https://api.openai.com/v1';
const OPENAI_HOST = 'api.openai.com';

/**
 * OpenAI's API reference: `POST {base}/chat/completions`, where base ends in `/v1` by convention (or in `/v4`,
 * `/api/v3` … elsewhere), so `/v1` is added only to a bare host.
 */
export function openaiRequest(request: ModelRequest): ModelPost {
  const { model } = request;
  const parameters = model.parameters;
  const url = openaiUrl(model.baseUrl);
  const isOpenai = url.hostname === OPENAI_HOST;
  // OpenAI's reasoning models refuse `max_tokens`; Ollama and others know nothing else.
  const maxTokensField = parameters.maxTokensField ?? (isOpenai ? 'max_completion_tokens' : 'max_tokens');
  const system = request.system.trim() === '' ? [] : [{ role: 'system', content: request.system }];
  const body = defined({
    model: model.modelId,
    stream: true,
    stream_options: parameters.streamUsage === false ? undefined : { include_usage: true },
    messages: [...system, ...normalizeTurns(request.messages)],
    [maxTokensField]: parameters.maxTokens,
    temperature: parameters.temperature,
    top_p: parameters.topP,
    stop: parameters.stop,
    reasoning_effort: parameters.reasoningEffort,
    // Not elsewhere: strict compatible servers (Mistral's) refuse fields that they do not know.
    safety_identifier: isOpenai && request.endUser ? request.endUser : undefined,
  });

  return { url, headers: openaiHeaders(model, url.hostname), body: { ...body, ...parameters.extraBody } };
}

function openaiUrl(baseUrl: string | null): URL {
  return endpoint(baseUrl ?? DEFAULT_BASE_URL, (path) => {
    if (path.endsWith('/chat/completions')) return path;
    return `${path === '' ? '/v1' : path}/chat/completions`;
  });
}

/** Azure's reference: a resource key goes into `api-key`; `Authorization` is for Entra tokens there. */
function openaiHeaders(model: ModelSettings, host: string): Record<string, string> {
  const own = ownHeaders(model);
  const headers: Record<string, string> = {};
  if (model.apiKey && !('authorization' in own) && !('api-key' in own)) {
    const azureKey = host.endsWith('.openai.azure.com') && model.parameters.authScheme !== 'bearer';
    if (azureKey) headers['api-key'] = model.apiKey;
    else headers['authorization'] = `Bearer ${model.apiKey}`;
  }
  return mergeHeaders(headers, model);
}
