// The cases of the OpenAI simulator that change the status or the stream; README.md describes them all.
import { htmlReply, jsonReply } from '../deliver.js';
import type { Headers, Reply } from '../exchange.js';
import { completionFor, OPENAI_ANSWERS, type OpenAiRequest } from './openai-answers.js';
import { openAiProblemOf, type OpenAiProblem } from './openai-request.js';
import * as wire from './openai-wire.js';
import type { Completion } from './openai-wire.js';
import * as plans from '../plan.js';
import type { Plan } from '../plan.js';
import { ScriptError } from '../../shared/script-pairs.js';

const SERVER_ERROR: OpenAiProblem = {
  ...openAiProblemOf(500, 'The server had an error while processing your request. Sorry about that!'),
  type: 'server_error',
};

const ERRORS: Record<string, OpenAiProblem> = {
  'http-error': SERVER_ERROR,
  'server-error': SERVER_ERROR,
  auth: openAiProblemOf(401, 'Incorrect API key provided: sk-sim***0000.', 'invalid_api_key'),
  permission: openAiProblemOf(
    403,
    'Country, region, or territory not supported',
    'unsupported_country_region_territory',
  ),
  'not-found': openAiProblemOf(
    404,
    'The model `sim-none` does not exist or you do not have access to it.',
    'model_not_found',
  ),
  'rate-limited': {
    ...openAiProblemOf(429, 'Rate limit reached for requests. Please try again in 1s.', 'rate_limit_exceeded'),
    type: 'requests',
  },
  quota: {
    ...openAiProblemOf(429, 'You exceeded your current quota, please check your plan.', 'insufficient_quota'),
    type: 'insufficient_quota',
  },
  overloaded: { ...SERVER_ERROR, status: 503, message: 'Slow down.', code: 'server_is_overloaded' },
  'context-length': openAiProblemOf(
    400,
    "This model's maximum context length is 128000 tokens. However, your messages resulted in 208310 tokens.",
    'context_length_exceeded',
    'messages',
  ),
};

/** Refused fields: the request fails only when it has the field. */
const REFUSED: Record<string, readonly [field: string, problem: OpenAiProblem]> = {
  'max-tokens-unsupported': [
    'max_tokens',
    openAiProblemOf(
      400,
      "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
      'unsupported_parameter',
      'max_tokens',
    ),
  ],
  'no-stream-options': [
    'stream_options',
    openAiProblemOf(400, 'Unrecognized request argument supplied: stream_options'),
  ],
};

const PAGES: Record<string, readonly [number, string]> = {
  'html-502': [502, '502 Bad Gateway'],
  'html-200': [200, 'Sign in'],
};

const STREAM_ERROR = wire.data({ error: errorOf(SERVER_ERROR) });

function openRouterError(completion: Completion): string {
  const chunk = JSON.parse(wire.chunk(completion, { content: '' }, 'error').slice('data: '.length)) as object;
  const error = {
    code: 502,
    message: 'Provider returned error',
    metadata: { provider_name: 'Sim', raw: 'overloaded' },
  };
  return wire.data({ ...chunk, error });
}

const AZURE_FIRST = wire.data({
  ...{ id: '', object: '', created: 0, model: '', choices: [] },
  prompt_filter_results: [{ prompt_index: 0, content_filter_results: { hate: { filtered: false, severity: 'safe' } } }],
});

const without = (text: string, part: string): string => text.replace(part, '');

const STREAMS: Record<string, (plan: Plan, c: OpenAiRequest, completion: Completion) => Plan> = {
  'azure-first-chunk': (plan) => ({ ...plan, lead: AZURE_FIRST + plan.lead }),
  crlf: plans.withCrlf,
  'data-no-space': (plan) => plans.rewrite(plan, (text) => text.replace(/^data: /gm, 'data:')),
  comments: (plan) => plans.withFiller(plan, ': OPENROUTER PROCESSING\n\n'),
  'utf8-split': (plan) => ({ ...plan, cut: plans.cutCharacters }),
  'one-over-many': (plan) => ({ ...plan, cut: plans.cutSmall }),
  'many-in-one': (plan) => plan,
  'no-done': (plan) => ({ ...plan, tail: without(plan.tail, wire.OPENAI_DONE) }),
  'stays-open': (plan) => ({ ...plan, tail: without(plan.tail, wire.OPENAI_DONE), ending: 'hang' }),
  'stop-everywhere': (plan) =>
    plans.rewrite(plan, (text) => text.replaceAll('"finish_reason":null', '"finish_reason":"stop"')),
  'python-numbers': (plan) => plans.rewrite(plan, (text) => text.replaceAll('"logprobs":null', '"logprobs":NaN')),
  'message-at-end': (plan, _c, completion) => ({
    ...plan,
    tail: wire.data(wire.completionOf(completion)) + wire.OPENAI_DONE,
  }),
  eof: (plan, c) => plans.breakOff(plan, c.script.after, ''),
  'error-first': (plan) => ({ ...plan, lead: '', steps: [], tail: STREAM_ERROR }),
  'error-mid-stream': (plan, c) => plans.breakOff(plan, c.script.after, STREAM_ERROR),
  'error-then-done': (plan, c) => plans.breakOff(plan, c.script.after, STREAM_ERROR + wire.OPENAI_DONE),
  'error-object': (plan, c) => {
    const error = { object: 'error', message: 'The engine died.', type: 'InternalServerError', param: null, code: 500 };
    return plans.breakOff(plan, c.script.after, wire.data(error) + wire.OPENAI_DONE);
  },
  'error-field': (plan, c) =>
    plans.breakOff(plan, c.script.after, `error: ${JSON.stringify(errorOf(SERVER_ERROR))}\n\n${wire.OPENAI_DONE}`),
  'error-event': (plan, c) => plans.breakOff(plan, c.script.after, `event: error\n${STREAM_ERROR}`),
  'openrouter-error': (plan, c, completion) => plans.breakOff(plan, c.script.after, openRouterError(completion)),
  'hang-after-delta': (plan, c) => plans.breakOff(plan, c.script.after, '', 'hang'),
  'only-comments': (plan) => ({ ...plans.breakOff(plan, 0, '', 'hang'), lead: '', keepAlive: ': keep-alive\n\n' }),
  disconnect: (plan, c) => plans.breakOff(plan, c.script.after, '', 'destroy'),
  slow: (plan) => plan,
};

/** Every case, by name. */
export const OPENAI_CASES: readonly string[] = [
  ...['happy', 'json-reply', 'json-reply-newlines', 'json-error-200', 'hang-before-headers'],
  ...OPENAI_ANSWERS,
  ...[STREAMS, ERRORS, REFUSED, PAGES].flatMap((table) => Object.keys(table)),
];

function errorOf({ message, type, param, code }: OpenAiProblem): object {
  return { message, type, param, code };
}

/** An error in the form of the OpenAI API. */
export function openAiError(problem: OpenAiProblem, headers?: Headers): Reply {
  return jsonReply(problem.status, { error: errorOf(problem) }, headers);
}

function retryHeaders({ script }: OpenAiRequest): Headers {
  const seconds = script.retryAfter ?? (script.case === 'rate-limited' ? '1' : undefined);
  return seconds === undefined ? {} : { 'retry-after': seconds };
}

function errorCase(c: OpenAiRequest): Reply | undefined {
  const { script } = c;
  const page = PAGES[script.case];
  if (page) return htmlReply(script.status ?? page[0], page[1]);
  const refused = REFUSED[script.case];
  const problem = refused ? refused[1] : ERRORS[script.case];
  if (!problem) return undefined;
  if (refused && (c.body[refused[0]] ?? null) === null) return undefined;
  return openAiError({ ...problem, status: script.status ?? problem.status }, retryHeaders(c));
}

function bodyCase(c: OpenAiRequest, completion: Completion): Reply | undefined {
  const { script } = c;
  if (script.case === 'json-error-200') {
    return jsonReply(200, {
      error: { code: 502, message: 'Provider returned error', metadata: { raw: 'overloaded' } },
    });
  }
  if (script.case === 'json-reply-newlines') {
    const body = '\n'.repeat(24) + JSON.stringify(wire.completionOf(completion));
    return { kind: 'body', status: 200, type: 'application/json', body };
  }
  return c.stream && script.case !== 'json-reply' ? undefined : jsonReply(200, wire.completionOf(completion));
}

/** Does what the case of the script says. */
export function openAiReply(c: OpenAiRequest): Reply {
  const { script } = c;
  const error = errorCase(c);
  if (error) return error;
  if (script.status !== undefined) throw new ScriptError(`sim: the case '${script.case}' has no status to set.`);
  if (script.case === 'hang-before-headers') return { kind: 'hang' };
  const completion = completionFor(c);
  const body = bodyCase(c, completion);
  if (body) return body;
  const plan = wire.planOf(completion);
  return { kind: 'stream', plan: STREAMS[script.case]?.(plan, c, completion) ?? plan };
}
