// The script of one request: what the simulator is to answer, and how. It is read from the model name
// (`sim:tokens=50,rate=20`) and from the last user message (`[sim tokens=50 rate=20]`); README.md lists the keys.

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
}

/** A script that cannot be read; providers answer 400 with its message. */
export class ScriptError extends Error {}

type Pairs = Record<string, string>;

const KEYS = [
  'tokens',
  'size',
  'rate',
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

const DIRECTIVE = /\[sim(?:\s([^\]]*))?\]/g;
const DIRECTIVE_TOKENS = '20';

/** Values which a case brings along, unless the script sets them. */
const CASE_DEFAULTS: Record<string, Pairs> = {
  slow: { tokens: '600', rate: '1' },
  'many-in-one': { rate: '0' },
};

function decode(key: string, value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    throw new ScriptError(`sim: the value of '${key}' is not url-encoded: ${value}`);
  }
}

function readPairs(source: string): Pairs {
  const pairs: Pairs = {};
  for (const item of source.split(/[\s,]+/).filter(Boolean)) {
    const at = item.indexOf('=');
    const key = at < 0 ? item : item.slice(0, at);
    if (!KEYS.includes(key)) throw new ScriptError(`sim: unknown key '${key}'. Known keys: ${KEYS.join(', ')}.`);
    if (at < 0) throw new ScriptError(`sim: '${key}' needs a value: ${key}=…`);
    pairs[key] = decode(key, item.slice(at + 1));
  }
  return pairs;
}

/** The last directive wins: a client may have merged several user turns into one message. */
function promptPairs(prompt: string): Pairs | undefined {
  const last = [...prompt.matchAll(DIRECTIVE)].at(-1);
  return last && readPairs(last[1] ?? '');
}

function modelPairs(model: string): Pairs {
  return model.startsWith('sim:') ? readPairs(model.slice('sim:'.length)) : {};
}

function numberOf(pairs: Pairs, key: string, min = 0, max = 1_000_000): number | undefined {
  const raw = pairs[key];
  if (raw === undefined) return undefined;
  const value = Number(raw);
  const whole = key === 'rate' || Number.isInteger(value);
  if (raw === '' || !whole || !(value >= min && value <= max)) {
    throw new ScriptError(`sim: '${key}' must be a number from ${min} to ${max}, not '${raw}'.`);
  }
  return value;
}

function caseOf(pairs: Pairs, cases: readonly string[]): string {
  const name = pairs['case'] ?? (pairs['status'] === undefined ? 'happy' : 'http-error');
  if (!cases.includes(name)) throw new ScriptError(`sim: unknown case '${name}'. Known cases: ${cases.join(', ')}.`);
  return name;
}

function timesOf(pairs: Pairs): number | undefined {
  return numberOf(pairs, 'times') ?? (pairs['key'] === undefined ? undefined : 1);
}

/**
 * Reads the script of a request. Keys in the prompt win over the same keys in the model name.
 *
 * @param model the model name of the request; names other than `sim:…` carry no script
 * @param prompt the text of the last user message
 * @param cases the names of the cases that the provider knows
 * @throws ScriptError for unknown keys or cases and for values out of range
 */
export function parseScript(model: string, prompt: string, cases: readonly string[]): Script {
  const fromPrompt = promptPairs(prompt);
  const asked: Pairs = { ...modelPairs(model), ...fromPrompt };
  const name = caseOf(asked, cases);
  const pairs: Pairs = { ...(fromPrompt ? { tokens: DIRECTIVE_TOKENS } : {}), ...CASE_DEFAULTS[name], ...asked };
  // A size without a count can only mean generated tokens.
  if (pairs['size'] !== undefined) pairs['tokens'] ??= DIRECTIVE_TOKENS;
  return {
    case: name,
    tokens: numberOf(pairs, 'tokens'),
    size: numberOf(pairs, 'size', 1) ?? 6,
    rate: numberOf(pairs, 'rate') ?? 30,
    delay: numberOf(pairs, 'delay') ?? 0,
    headersDelay: numberOf(pairs, 'headers_delay') ?? 0,
    reasoning: numberOf(pairs, 'reasoning'),
    text: pairs['text'],
    after: numberOf(pairs, 'after') ?? 3,
    status: numberOf(pairs, 'status', 400, 599),
    retryAfter: pairs['retry_after'],
    times: timesOf(pairs),
    key: pairs['key'],
  };
}
