// How a subtask is to be worked on: read from its prompt and its bot's prompt, `[exec behaviour=slow ms=200]`.
import { directivesOf, numberOf, type Pairs, readPairs, ScriptError } from '../shared/script-pairs.js';

/** Names of behaviours; README.md describes each. */
export const BEHAVIOURS = [
  'well-behaved',
  'slow',
  'silent',
  'starting',
  'crashing',
  'lying',
  'replaying',
  'fails',
  'cancel-acks',
  'cancel-refuses',
  'cancel-hangs',
  'cancel-slow',
  'cancel-ignored',
] as const;

export type Behaviour = (typeof BEHAVIOURS)[number];

/** How one subtask is worked on. */
export interface Script {
  behaviour: Behaviour;
  /** Milliseconds between reports. */
  ms: number;
  /** Number of reports with a part of the text. */
  steps: number;
  /** Milliseconds between heartbeats while a pause lasts; 0 = none. */
  beat: number;
  /** Number of reports of its own before it crashes. */
  after: number;
  /** The behaviour strikes only the first so many times that the subtask is handed out. */
  times: number;
  /** Literal answer, or the message of a failure. */
  text?: string;
  /** Milliseconds until the container runs: a pull. The manager knows nothing of it before. */
  start: number;
  /** Milliseconds until the manager answers a cancel. */
  delay: number;
  /** Size of a lie that is too large. */
  bytes: number;
}

const TOOL = 'exec';
const KEYS = ['behaviour', 'ms', 'steps', 'beat', 'after', 'times', 'text', 'start', 'delay', 'bytes', 'bot'];

const DEFAULTS: Partial<Record<Behaviour, Pairs>> = {
  slow: { ms: '2000', beat: '1000' },
  silent: { ms: '6000', steps: '0' },
  starting: { start: '3000' },
  crashing: { times: '1' },
  'cancel-acks': { ms: '500', steps: '600', beat: '1000' },
  'cancel-refuses': { ms: '500', steps: '20' },
  'cancel-hangs': { ms: '500', steps: '20' },
  'cancel-slow': { ms: '500', steps: '600', delay: '12000' },
  'cancel-ignored': { ms: '500', steps: '20' },
};

/** Whether a name is one of a behaviour. */
export function isBehaviour(name: string): name is Behaviour {
  return (BEHAVIOURS as readonly string[]).includes(name);
}

function pairsOf(text: string, bot: string): Pairs {
  const pairs: Pairs = {};
  for (const directive of directivesOf(TOOL, text)) {
    const { bot: meant, ...own } = readPairs(TOOL, directive, KEYS);
    if (meant === undefined || meant === bot) Object.assign(pairs, own);
  }
  return pairs;
}

/**
 * Reads the script of a subtask. Key by key a later directive wins; one with `bot=NAME` counts for that bot only.
 *
 * @param text the bot's prompt and the user's
 * @param bot name of the first bot
 * @param fallback the behaviour when the text names none
 * @throws ScriptError for unknown keys or behaviours and for values out of range
 */
export function parseScript(text: string, bot: string, fallback: Behaviour): Script {
  const asked = pairsOf(text, bot);
  const behaviour = asked['behaviour'] ?? fallback;
  if (!isBehaviour(behaviour)) {
    throw new ScriptError(`exec: unknown behaviour '${behaviour}'. Known: ${BEHAVIOURS.join(', ')}.`);
  }
  const pairs = { ...DEFAULTS[behaviour], ...asked };
  return {
    behaviour,
    ms: numberOf(TOOL, pairs, 'ms') ?? 200,
    steps: numberOf(TOOL, pairs, 'steps', { max: 10_000 }) ?? 5,
    beat: numberOf(TOOL, pairs, 'beat') ?? 0,
    after: numberOf(TOOL, pairs, 'after') ?? 2,
    times: numberOf(TOOL, pairs, 'times') ?? Infinity,
    text: pairs['text'],
    start: numberOf(TOOL, pairs, 'start') ?? 0,
    delay: numberOf(TOOL, pairs, 'delay') ?? 0,
    bytes: numberOf(TOOL, pairs, 'bytes', { max: 100_000_000 }) ?? 5_000_000,
  };
}

/** A text without the directives in it, blanks merged. */
export function withoutDirectives(text: string): string {
  return text
    .replace(/\[exec(?:\s[^\]]*)?\]/g, '')
    .replace(/\s+/g, ' ')
    .trim();
}
