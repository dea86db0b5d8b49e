// The checks of the chat completions API: credential first, then the body.
import type { IncomingHttpHeaders } from 'node:http';
import { isBadKey, shownKey } from '../ids.js';
import { asObject, type Json } from '../../shared/json.js';

/** A refusal: status and the fields of its error object. */
export interface OpenAiProblem {
  status: number;
  message: string;
  type: string;
  param: string | null;
  code: string | null;
}

const ROLES = ['system', 'developer', 'user', 'assistant', 'tool', 'function'];

/** A refusal as the API words most of them. */
export function openAiProblemOf(
  status: number,
  message: string,
  code: string | null = null,
  param: string | null = null,
): OpenAiProblem {
  return { status, message, type: 'invalid_request_error', param, code };
}

function credentialProblem(headers: IncomingHttpHeaders): OpenAiProblem | undefined {
  const key = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
  if (!key) {
    return openAiProblemOf(
      401,
      "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth " +
        '(i.e. Authorization: Bearer YOUR_KEY).',
    );
  }
  if (!isBadKey(key)) return undefined;
  const message =
    `Incorrect API key provided: ${shownKey(key)}. ` +
    'You can find your API key at https://platform.openai.com/account/api-keys.';
  return openAiProblemOf(401, message, 'invalid_api_key');
}

function messageProblem(message: Json, at: string): OpenAiProblem | undefined {
  const role = message['role'];
  if (typeof role !== 'string' || !ROLES.includes(role)) {
    const message = `Invalid value: '${String(role)}'. Supported values are: '${ROLES.join("', '")}'.`;
    return openAiProblemOf(400, message, 'invalid_value', `${at}.role`);
  }
  const content = message['content'];
  if (typeof content === 'string' || (Array.isArray(content) && content.length > 0)) return undefined;
  if (role === 'assistant' && (content ?? null) === null && Array.isArray(message['tool_calls'])) return undefined;
  const found = content === null ? 'null' : Array.isArray(content) ? 'an empty array' : typeof content;
  const text = `Invalid value for 'content': expected a string, got ${found}.`;
  return openAiProblemOf(400, text, null, `${at}.content`);
}

function messagesProblem(messages: unknown): OpenAiProblem | undefined {
  if (messages === undefined) {
    return openAiProblemOf(400, "Missing required parameter: 'messages'.", 'missing_required_parameter', 'messages');
  }
  if (!Array.isArray(messages)) {
    const text = `Invalid type for 'messages': expected an array of objects, but got ${typeof messages} instead.`;
    return openAiProblemOf(400, text, 'invalid_type', 'messages');
  }
  if (messages.length === 0) {
    const text = "Invalid 'messages': empty array. Expected an array with minimum length 1.";
    return openAiProblemOf(400, text, 'empty_array', 'messages');
  }
  for (const [i, message] of messages.entries()) {
    const problem = messageProblem(asObject(message), `messages.[${i}]`);
    if (problem) return problem;
  }
  return undefined;
}

function optionsProblem(body: Json): OpenAiProblem | undefined {
  // Null counts as absent.
  const has = (name: string): boolean => (body[name] ?? null) !== null;
  if (has('stream_options') && body['stream'] !== true) {
    const text = "The 'stream_options' parameter is only allowed when 'stream' is enabled.";
    return openAiProblemOf(400, text, null, 'stream_options');
  }
  if (has('max_tokens') && has('max_completion_tokens')) {
    const text = "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.";
    return openAiProblemOf(400, text, 'invalid_parameter_combination', 'max_tokens');
  }
  const name = ['max_tokens', 'max_completion_tokens'].find(has);
  if (name === undefined || (Number.isInteger(body[name]) && Number(body[name]) >= 1)) return undefined;
  return openAiProblemOf(400, `Invalid '${name}': integer below minimum value. Expected a value >= 1.`, null, name);
}

/** The first reason to refuse the request, if there is one. */
export function openAiProblem(headers: IncomingHttpHeaders, body: unknown): OpenAiProblem | undefined {
  const refused = credentialProblem(headers);
  if (refused) return refused;
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    const text = 'We could not parse the JSON body of your request. The OpenAI API expects a JSON payload.';
    return openAiProblemOf(400, text);
  }
  const fields = asObject(body);
  if (typeof fields['model'] !== 'string' || fields['model'] === '') {
    return openAiProblemOf(400, 'you must provide a model parameter');
  }
  return messagesProblem(fields['messages']) ?? optionsProblem(fields);
}
