/** Builds requests of OpenAI's Chat Completions API, as compatible servers accept them. */
import type {
  ChatMessage,
  ModelParameters,
  ModelRequest,
  ModelSettings,
} from '../../../common/contracts/chat-provider.js';
import { isOpenai, keyHeaders, openaiUrl } from './openai.address.js';
import { defined, mergeHeaders, type ModelPost, normalizeTurns, ownHeaders } from '../request-parts.js';

/** Reasoning models, wherever they run: they refuse `max_tokens`. Older servers know nothing else. */
const REASONING_MODEL = /(?:^|[/.:])(?:o[1-9]|gpt-5)(?![0-9a-z])/i;
/** The first two of them knew no role but these. */
const WITHOUT_SYSTEM = /(?:^|[/.:])o1-(?:mini|preview)/i;

/** A request to `chat/completions` of the given model. */
export function openaiRequest(request: ModelRequest): ModelPost {
  const { model } = request;
  const parameters = model.parameters;
  const url = openaiUrl(model.baseUrl);
  const needsNewField = isOpenai(url) || REASONING_MODEL.test(model.modelId);
  const maxTokensField = parameters.maxTokensField ?? (needsNewField ? 'max_completion_tokens' : 'max_tokens');
  const systemRole = parameters.systemRole ?? (WITHOUT_SYSTEM.test(model.modelId) ? 'user' : 'system');
  const body = defined({
    model: model.modelId,
    stream: true,
    stream_options: parameters.streamUsage === false ? undefined : { include_usage: true },
    messages: messagesOf(request, systemRole),
    [maxTokensField]: parameters.maxTokens,
    temperature: parameters.temperature,
    top_p: parameters.topP,
    stop: parameters.stop,
    reasoning_effort: parameters.reasoningEffort,
    safety_identifier: isOpenai(url) && request.endUser ? request.endUser : undefined,
  });

  return { url, headers: openaiHeaders(model, url), body: { ...body, ...parameters.extraBody } };
}

type WireMessage = Omit<ChatMessage, 'role'> & { role: string };

/** The turns with the system prompt in front, or, for models without such a role, in the first question. */
function messagesOf(
  { system, messages }: ModelRequest,
  role: NonNullable<ModelParameters['systemRole']>,
): WireMessage[] {
  if (system.trim() === '') return normalizeTurns(messages);
  if (role !== 'user') return [{ role, content: system }, ...normalizeTurns(messages)];

  return normalizeTurns([{ role, content: system }, ...messages]);
}

function openaiHeaders(model: ModelSettings, url: URL): Record<string, string> {
  const own = ownHeaders(model);
  const headers: Record<string, string> = {};
  if (model.apiKey && !('authorization' in own) && !('api-key' in own)) {
    const names = model.parameters.authScheme === 'bearer' ? (['authorization'] as const) : keyHeaders(url);
    for (const name of names) headers[name] = name === 'api-key' ? model.apiKey : `Bearer ${model.apiKey}`;
  }
  return mergeHeaders(headers, model);
}
