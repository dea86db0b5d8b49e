// The checks of the Claude Messages API, in the order of the real service: credential, version, body.
import type { IncomingHttpHeaders } from 'node:http';
import { isBadKey, shownKey } from '../ids.js';
import { asObject, type Json } from '../../shared/json.js';

/** A refusal: status, `error.type` and message. */
export type ClaudeProblem = readonly [status: number, type: string, message: string];

const VERSIONS = ['2023-06-01', '2026-10-21'];

const FIELDS = new Set([
  ...['model', 'max_tokens', 'messages', 'system', 'stream', 'stop_sequences', 'metadata', 'thinking'],
  ...['output_config', 'tools', 'tool_choice', 'service_tier', 'speed', 'cache_control', 'container'],
  ...['inference_geo', 'diagnostics', 'user_profile_id', 'workspace_id'],
]);

/** Gone with version 2026-10-21. */
const SAMPLING_FIELDS = ['temperature', 'top_p', 'top_k'];

function invalid(message: string): ClaudeProblem {
  return [400, 'invalid_request_error', message];
}

function unauthorized(message: string): ClaudeProblem {
  return [401, 'authentication_error', message];
}

function credentialProblem(headers: IncomingHttpHeaders): ClaudeProblem | undefined {
  const apiKey = headers['x-api-key'];
  const bearer = headers.authorization;
  if (apiKey !== undefined && bearer !== undefined) {
    return invalid('Only one of the x-api-key and authorization headers may be sent.');
  }
  if (apiKey === undefined && bearer === undefined) return unauthorized('x-api-key header is required');
  const name = apiKey === undefined ? 'bearer token' : 'x-api-key';
  const key = apiKey === undefined ? /^Bearer +(\S+)$/i.exec(bearer ?? '')?.[1] : String(apiKey);
  if (!key) return unauthorized(`invalid ${name}`);
  return isBadKey(key) ? unauthorized(`invalid ${name}: ${shownKey(key)}`) : undefined;
}

function versionProblem(headers: IncomingHttpHeaders): ClaudeProblem | undefined {
  const version = headers['anthropic-version'];
  if (version === undefined) return invalid('anthropic-version: header is required');
  if (!VERSIONS.includes(String(version))) {
    return invalid(`anthropic-version: "${String(version)}" is not a valid version`);
  }
  return undefined;
}

function fieldProblem(headers: IncomingHttpHeaders, body: Json): ClaudeProblem | undefined {
  const old = headers['anthropic-version'] === '2023-06-01';
  // Betas bring fields of their own, which are not listed here.
  const known = (name: string): boolean =>
    FIELDS.has(name) || (old && SAMPLING_FIELDS.includes(name)) || headers['anthropic-beta'] !== undefined;
  const extra = Object.keys(body).find((name) => !known(name));
  if (extra) return invalid(`${extra}: Extra inputs are not permitted`);
  for (const name of ['model', 'max_tokens', 'messages']) {
    if (body[name] === undefined) return invalid(`${name}: Field required`);
  }
  if (typeof body['model'] !== 'string') return invalid('model: Input should be a valid string');
  if (!Number.isInteger(body['max_tokens'])) return invalid('max_tokens: Input should be a valid integer');
  if (Number(body['max_tokens']) < 1) return invalid('max_tokens: Input should be greater than or equal to 1');
  return undefined;
}

function blank(text: unknown): boolean {
  return typeof text !== 'string' || text.trim() === '';
}

function contentProblem(content: unknown, at: string): ClaudeProblem | undefined {
  if (content === undefined) return invalid(`${at}.content: Field required`);
  if (typeof content !== 'string' && !Array.isArray(content)) {
    return invalid(`${at}.content: Input should be a valid string or list`);
  }
  if (content.length === 0) {
    return invalid(`${at}: all messages must have non-empty content except for the optional final assistant message`);
  }
  if (typeof content === 'string') {
    return blank(content) ? invalid('messages: text content blocks must contain non-whitespace text') : undefined;
  }
  const texts = content.map(asObject).filter((block) => block['type'] === 'text');
  if (texts.some((block) => block['text'] === '')) return invalid('messages: text content blocks must be non-empty');
  if (texts.some((block) => blank(block['text']))) {
    return invalid('messages: text content blocks must contain non-whitespace text');
  }
  return undefined;
}

/** By a beta, `system` may follow the first question. */
const SYSTEM_BETA = 'mid-conversation-system';

function messagesProblem(messages: unknown, headers: IncomingHttpHeaders): ClaudeProblem | undefined {
  if (!Array.isArray(messages)) return invalid('messages: Input should be a valid list');
  if (messages.length === 0) return invalid('messages: at least one message is required');
  const system = String(headers['anthropic-beta']).includes(SYSTEM_BETA);
  const roles = messages.map((message) => asObject(message)['role']);
  for (const [i, role] of roles.entries()) {
    if (role !== 'user' && role !== 'assistant' && !(system && role === 'system')) {
      return invalid(`messages.${i}.role: Input should be 'user' or 'assistant'`);
    }
    const problem = contentProblem(asObject(messages[i])['content'], `messages.${i}`);
    if (problem) return problem;
  }
  if (roles[0] !== 'user') return invalid('messages: first message must use the "user" role');
  if (roles.at(-1) !== 'assistant') return undefined;
  return invalid(
    'This model does not support assistant message prefill. The conversation must end with a user message.',
  );
}

function systemProblem(system: unknown): ClaudeProblem | undefined {
  const blocks = Array.isArray(system) ? system.map(asObject) : [];
  return blocks.some((block) => block['text'] === '')
    ? invalid('system: text content blocks must be non-empty')
    : undefined;
}

function thinkingProblem(body: Json): ClaudeProblem | undefined {
  const thinking = asObject(body['thinking']);
  if (thinking['type'] !== 'enabled') return undefined;
  const budget = Number(thinking['budget_tokens']);
  if (!(budget >= 1024)) {
    return invalid('thinking.enabled.budget_tokens: Input should be greater than or equal to 1024');
  }
  if (budget < Number(body['max_tokens'])) return undefined;
  return invalid('`max_tokens` must be greater than `thinking.budget_tokens`.');
}

/** The first reason to refuse the request, if there is one. */
export function claudeProblem(headers: IncomingHttpHeaders, body: unknown): ClaudeProblem | undefined {
  const refused = credentialProblem(headers) ?? versionProblem(headers);
  if (refused) return refused;
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    return invalid('The request body is not valid JSON.');
  }
  const fields = asObject(body);
  return (
    fieldProblem(headers, fields) ??
    messagesProblem(fields['messages'], headers) ??
    systemProblem(fields['system']) ??
    thinkingProblem(fields)
  );
}
