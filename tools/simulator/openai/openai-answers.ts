// What the cases of the OpenAI simulator say: plain text, reasoning under its many names, tool calls, refusals.
import { newId } from '../ids.js';
import type { Json } from '../../shared/json.js';
import { completionId, toolCallDeltas, wholeToolCall, type Completion, type Delta } from './openai-wire.js';
import type { Script } from '../script.js';
import { scriptedReasoning } from '../text.js';

/** What a case may look at. */
export interface OpenAiRequest {
  script: Script;
  body: Json;
  model: string;
  /** Whether the request asked for a stream. */
  stream: boolean;
  /** Whether it asked for the usage chunk. */
  includeUsage: boolean;
  obfuscation: boolean;
  maxTokens: number;
  toolName: string;
  inputTokens: number;
  /** The tokens of the text. */
  tokens: string[];
}

/** The two kinds of tokens, cut to the limit of the request. */
interface Spoken {
  reasoning: string[];
  text: string[];
}

interface Said {
  deltas: Delta[];
  message: Json;
  finishReason?: string;
}

function contents(tokens: readonly string[]): Delta[] {
  return tokens.map((content) => ({ content }));
}

/** Reasoning in fields of its own, the content null meanwhile, as DeepSeek and vLLM do it. */
function inFields(...fields: string[]): (spoken: Spoken) => Said {
  const filled = (text: string): Json => Object.fromEntries(fields.map((field) => [field, text]));
  return ({ reasoning, text }) => ({
    deltas: [...reasoning.map((token) => ({ content: null, ...filled(token) })), ...contents(text)],
    message: { content: text.join(''), ...(reasoning.length > 0 ? filled(reasoning.join('')) : {}) },
  });
}

/** As OpenRouter does it: the field `reasoning` and, beside it, the list of details. */
function inDetails({ reasoning, text }: Spoken): Said {
  const detail = (token: string): Json => ({ type: 'reasoning.text', text: token, format: 'unknown', index: 0 });
  const delta = (token: string): Delta => ({ content: '', reasoning: token, reasoning_details: [detail(token)] });
  const whole = reasoning.join('');
  return {
    deltas: [...reasoning.map(delta), ...contents(text)],
    message: { content: text.join(''), reasoning: whole, reasoning_details: [detail(whole)] },
  };
}

/** Reasoning inside the content, as a server without a parser for it sends it; tags are cut over several chunks. */
function inTags(opening: string[], closing: string[]): (spoken: Spoken) => Said {
  return ({ reasoning, text }) => {
    const all = [...opening, ...reasoning, ...closing, ...text];
    return { deltas: contents(all), message: { content: all.join('') } };
  };
}

const plain = inFields('reasoning_content');

/** Number of reasoning tokens that a case has unless the script says otherwise, and what it says. */
const SAID: Record<string, readonly [reasoning: number, say: (spoken: Spoken, c: OpenAiRequest) => Said]> = {
  'reasoning-content': [8, plain],
  reasoning: [8, inFields('reasoning')],
  'reasoning-both': [8, inFields('reasoning_content', 'reasoning')],
  'reasoning-details': [8, inDetails],
  'think-tags': [8, inTags(['<th', 'ink>', '\n'], ['\n</', 'thi', 'nk>\n\n'])],
  'think-implicit': [8, inTags([], ['\n</', 'think', '>\n\n'])],
  'content-null': [
    0,
    (spoken) => {
      const { deltas, message } = plain(spoken);
      return { message, deltas: deltas.flatMap((delta) => [{ content: null }, delta]) };
    },
  ],
  'tool-calls': [
    0,
    ({ text }, c) => {
      const id = newId('call_', 24);
      return {
        deltas: [...contents(text), ...toolCallDeltas(id, c.toolName)],
        message: { content: text.join(''), tool_calls: [wholeToolCall(id, c.toolName)] },
        finishReason: 'tool_calls',
      };
    },
  ],
  refusal: [
    0,
    ({ text }) => ({
      deltas: text.map((refusal) => ({ refusal })),
      message: { content: null, refusal: text.join('') },
    }),
  ],
  'max-tokens': [0, (spoken) => ({ ...plain(spoken), finishReason: 'length' })],
  'content-filter': [0, (spoken) => ({ ...plain(spoken), finishReason: 'content_filter' })],
  empty: [0, () => ({ deltas: [], message: { content: '' } })],
};

const SEND_USAGE: Record<string, Completion['sendUsage']> = {
  'usage-chunk': 'last',
  'no-usage': 'none',
  'usage-every-chunk': 'every',
  'usage-in-finish': 'finish',
};

/** The cases of this file. */
export const OPENAI_ANSWERS: readonly string[] = [...Object.keys(SAID), ...Object.keys(SEND_USAGE)];

/** The answer that the script asks for. */
export function completionFor(c: OpenAiRequest): Completion {
  const { script } = c;
  const [reasoningTokens, say] = SAID[script.case] ?? ([0, plain] as const);
  const reasoning = scriptedReasoning(script, reasoningTokens);
  const text = c.tokens.slice(0, Math.max(0, c.maxTokens - reasoning.length));
  const said = say({ reasoning, text }, c);
  return {
    id: completionId(),
    created: Math.floor(Date.now() / 1000),
    model: c.model,
    deltas: said.deltas,
    finishReason: said.finishReason ?? (text.length < c.tokens.length ? 'length' : 'stop'),
    message: said.message,
    usage: { prompt: c.inputTokens, completion: reasoning.length + text.length, reasoning: reasoning.length },
    sendUsage: SEND_USAGE[script.case] ?? (c.includeUsage ? 'last' : 'none'),
    obfuscation: c.obfuscation,
  };
}
