// The script of one request: what the simulator is to answer, and how. It is read from the model name
// (`sim:tokens=50,rate=20`) and from the last user message (`[sim tokens=50 rate=20]`); README.md lists the keys.
import { directivesOf, numberOf, type Pairs, readPairs, ScriptError } from '../shared/script-pairs.js';

/** How one request is to be answered. */
export interface Script {
  /** Name of the case; `happy` when none was asked for. */
  case: string;
  /** Number of generated tokens; undefined asks for the demo text. */
  tokens?: number;
  /** Characters per token. */
  size: number;
  /** Tokens per second; 0 is as fast as possible. */
  rate: number;
  /** Tokens in each write at full speed; as many as are in 16 KB when undefined. */
  perWrite?: number;
  /** Milliseconds between the headers and the first byte of the body. */
  delay: number;
  /** Milliseconds before the headers. */
  headersDelay: number;
  reasoning?: number;
  /** Literal answer instead of generated tokens. */
  text?: string;
  /** Tokens before the failing case strikes. */
  after: number;
  status?: number;
  retryAfter?: string;
  /** Let the case strike only for the first `times` requests of the same key. */
  times?: number;
  key?: string;
  /** Keys that only one provider knows, as they were written. */
  extra: Pairs;
}

const KEYS = [
  'tokens',
  'size',
  'rate',
  'per_write',
  'delay',
  'headers_delay',
  'reasoning',
  'text',
  'case',
  'after',
  'status',
  'retry_after',
  'times',
  'key',
];

const TOOL = 'sim';
const DIRECTIVE_TOKENS = '20';

/** Values which a case brings along, unless the script sets them. */
const CASE_DEFAULTS: Record<string, Pairs> = {
  slow: { tokens: '600', rate: '1' },
  'many-in-one': { rate: '0' },
};

/** The last directive wins: a client may have merged several user turns into one message. */
function promptPairs(prompt: string, keys: readonly string[]): Pairs | undefined {
  const last = directivesOf(TOOL, prompt).at(-1);
  return last === undefined ? undefined : readPairs(TOOL, last, keys);
}

function modelPairs(model: string, keys: readonly string[]): Pairs {
  return model.startsWith('sim:') ? readPairs(TOOL, model.slice('sim:'.length), keys) : {};
}

function caseOf(pairs: Pairs, cases: readonly string[]): string {
  const name = pairs['case'] ?? (pairs['status'] === undefined ? 'happy' : 'http-error');
  if (!cases.includes(name)) throw new ScriptError(`sim: unknown case '${name}'. Known cases: ${cases.join(', ')}.`);
  return name;
}

function timesOf(pairs: Pairs): number | undefined {
  return numberOf(TOOL, pairs, 'times') ?? (pairs['key'] === undefined ? undefined : 1);
}

/**
 * Reads the script of a request. Keys in the prompt win over the same keys in the model name.
 *
 * @param model the model name of the request; names other than `sim:…` carry no script
 * @param prompt the text of the last user message
 * @param cases the names of the cases that the provider knows
 * @param extraKeys keys that only this provider knows
 * @throws ScriptError for unknown keys or cases and for values out of range
 */
export function parseScript(
  model: string,
  prompt: string,
  cases: readonly string[],
  extraKeys: readonly string[] = [],
): Script {
  const keys = [...KEYS, ...extraKeys];
  const fromPrompt = promptPairs(prompt, keys);
  const asked: Pairs = { ...modelPairs(model, keys), ...fromPrompt };
  const name = caseOf(asked, cases);
  const pairs: Pairs = { ...(fromPrompt ? { tokens: DIRECTIVE_TOKENS } : {}), ...CASE_DEFAULTS[name], ...asked };
  // A size without a count can only mean generated tokens.
  if (pairs['size'] !== undefined) pairs['tokens'] ??= DIRECTIVE_TOKENS;
  return {
    case: name,
    tokens: numberOf(TOOL, pairs, 'tokens'),
    size: numberOf(TOOL, pairs, 'size', { min: 1 }) ?? 6,
    rate: numberOf(TOOL, pairs, 'rate', { fractions: true }) ?? 30,
    perWrite: numberOf(TOOL, pairs, 'per_write', { min: 1 }),
    delay: numberOf(TOOL, pairs, 'delay') ?? 0,
    headersDelay: numberOf(TOOL, pairs, 'headers_delay') ?? 0,
    reasoning: numberOf(TOOL, pairs, 'reasoning'),
    text: pairs['text'],
    after: numberOf(TOOL, pairs, 'after') ?? 3,
    status: numberOf(TOOL, pairs, 'status', { min: 400, max: 599 }),
    retryAfter: pairs['retry_after'],
    times: timesOf(pairs),
    key: pairs['key'],
    extra: Object.fromEntries(Object.entries(pairs).filter(([key]) => extraKeys.includes(key))),
  };
}
