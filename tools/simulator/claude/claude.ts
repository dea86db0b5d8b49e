// `POST /claude/v1/messages`, as https://api.anthropic.com answers it.
import { CLAUDE_CASES, claudeError, claudeReply, type ClaudeRequest } from './claude-cases.js';
import { claudeProblem } from './claude-request.js';
import { questionOf, TOOL_KEYS, toolCalls } from './claude-tools.js';
import { deliver } from '../deliver.js';
import type { Exchange, Headers, Provider, Reply } from '../exchange.js';
import { newId } from '../ids.js';
import { asObject, type Json } from '../../shared/json.js';
import { ScriptError } from '../../shared/script-pairs.js';
import { parseScript, type Script } from '../script.js';
import { strikes } from '../state.js';
import { answerTokens } from '../text.js';

const MINUTE_MS = 60_000;

function headersOf(reply: Reply): Headers {
  const reset = new Date(Date.now() + MINUTE_MS).toISOString().replace(/\.\d+Z$/, 'Z');
  const limits = { requests: 50, tokens: 90_000, 'input-tokens': 50_000, 'output-tokens': 40_000 };
  const left = reply.kind === 'body' && reply.status === 429 ? 0 : 1;
  const headers: Headers = {
    'request-id': newId('req_011C', 20),
    'anthropic-organization-id': '6f1c9d1e-3b0a-4f57-9d0e-5a1c0de51a70',
  };
  for (const [name, limit] of Object.entries(limits)) {
    headers[`anthropic-ratelimit-${name}-limit`] = String(limit);
    headers[`anthropic-ratelimit-${name}-remaining`] = String((limit - 1) * left);
    headers[`anthropic-ratelimit-${name}-reset`] = reset;
  }
  return headers;
}

function toolName(tools: unknown): string {
  const name = asObject(Array.isArray(tools) ? tools[0] : undefined)['name'];
  return typeof name === 'string' ? name : 'get_weather';
}

function requestOf(body: Json, script: Script, prompt: string, results: number): ClaudeRequest {
  return {
    script,
    model: String(body['model']),
    stream: body['stream'] === true,
    maxTokens: Number(body['max_tokens']),
    toolName: toolName(body['tools']),
    call: toolCalls(script)[results],
    inputTokens: Math.ceil(JSON.stringify([body['system'], body['messages']]).length / 4),
    tokens: answerTokens(script, prompt),
  };
}

function respond(x: Exchange): [Reply, Script?] {
  const { request } = x;
  // Claude Code asks so whether the server is there.
  if (request.method === 'HEAD') return [{ kind: 'body', status: 200, type: 'text/plain', body: '' }];
  if (request.method !== 'POST' || x.path !== '/v1/messages') {
    return [claudeError(404, 'not_found_error', `Not found: ${request.method} ${x.path}`)];
  }
  const problem = claudeProblem(request.headers, request.body);
  if (problem) return [claudeError(...problem)];
  const body = asObject(request.body);
  const { prompt, results } = questionOf(body['messages']);
  try {
    const asked = parseScript(String(body['model']), x.state.scripts.get(prompt) ?? prompt, CLAUDE_CASES, TOOL_KEYS);
    const script: Script = strikes(x.state, asked) ? asked : { ...asked, case: 'happy', status: undefined };
    request.script = script;
    return [claudeReply(requestOf(body, script, prompt, results)), script];
  } catch (error) {
    if (error instanceof ScriptError) return [claudeError(400, 'invalid_request_error', error.message)];
    throw error;
  }
}

/** The Claude Messages API below `/claude`. */
export const claude: Provider = {
  name: 'claude',
  prefix: '/claude',
  answer: async (x) => {
    const [reply, script] = respond(x);
    await deliver(x, reply, headersOf(reply), script);
  },
};
