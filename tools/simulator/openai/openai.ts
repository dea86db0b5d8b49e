// `POST /openai/v1/chat/completions`, as https://api.openai.com/v1 and its compatibles answer it.
import { deliver } from '../deliver.js';
import type { Exchange, Headers, Provider, Reply } from '../exchange.js';
import { newId } from '../ids.js';
import { asObject, lastUserText, type Json } from '../../shared/json.js';
import type { OpenAiRequest } from './openai-answers.js';
import { OPENAI_CASES, openAiError, openAiReply } from './openai-cases.js';
import { openAiProblem, openAiProblemOf } from './openai-request.js';
import { ScriptError } from '../../shared/script-pairs.js';
import { parseScript, type Script } from '../script.js';
import { strikes } from '../state.js';
import { answerTokens } from '../text.js';

function headersOf(reply: Reply): Headers {
  const left = reply.kind === 'body' && reply.status === 429 ? '0' : '4999';
  return {
    'x-request-id': newId('req_', 32),
    'openai-organization': 'conch-simulator',
    'openai-processing-ms': '12',
    'openai-version': '2020-10-01',
    'x-ratelimit-limit-requests': '5000',
    'x-ratelimit-limit-tokens': '800000',
    'x-ratelimit-remaining-requests': left,
    'x-ratelimit-remaining-tokens': '799000',
    'x-ratelimit-reset-requests': '12ms',
    'x-ratelimit-reset-tokens': '6m0s',
  };
}

function toolName(tools: unknown): string {
  const name = asObject(asObject(Array.isArray(tools) ? tools[0] : undefined)['function'])['name'];
  return typeof name === 'string' ? name : 'get_weather';
}

function requestOf(body: Json, script: Script, prompt: string): OpenAiRequest {
  const options = asObject(body['stream_options']);
  return {
    script,
    body,
    model: String(body['model']),
    stream: body['stream'] === true,
    includeUsage: options['include_usage'] === true,
    obfuscation: options['include_obfuscation'] !== false,
    maxTokens: Number(body['max_completion_tokens'] ?? body['max_tokens'] ?? Infinity),
    toolName: toolName(body['tools']),
    inputTokens: Math.ceil(JSON.stringify(body['messages']).length / 4),
    tokens: answerTokens(script, prompt),
  };
}

function respond(x: Exchange): [Reply, Script?] {
  const { request } = x;
  if (request.method !== 'POST' || x.path !== '/v1/chat/completions') {
    return [openAiError(openAiProblemOf(404, `Invalid URL (${request.method} ${x.path})`))];
  }
  const problem = openAiProblem(request.headers, request.body);
  if (problem) return [openAiError(problem)];
  const body = asObject(request.body);
  const prompt = lastUserText(body['messages']);
  try {
    const asked = parseScript(String(body['model']), x.state.scripts.get(prompt) ?? prompt, OPENAI_CASES);
    const script: Script = strikes(x.state, asked) ? asked : { ...asked, case: 'happy', status: undefined };
    request.script = script;
    return [openAiReply(requestOf(body, script, prompt)), script];
  } catch (error) {
    if (error instanceof ScriptError) return [openAiError(openAiProblemOf(400, error.message))];
    throw error;
  }
}

/** The chat completions API below `/openai`. */
export const openai: Provider = {
  name: 'openai',
  prefix: '/openai',
  answer: async (x) => {
    const [reply, script] = respond(x);
    await deliver(x, reply, headersOf(reply), script);
  },
};
