// Tool calls that a script asks for, one after the other, before the text of the answer. README.md lists the keys.
import { asObject, type Json, lastUserText, textOf } from '../../shared/json.js';
import { ScriptError } from '../../shared/script-pairs.js';
import type { Script } from '../script.js';

/** A call that an answer ends with. */
export interface ToolCall {
  name: string;
  input: Json;
  /** Text in front of it. */
  say?: string;
}

/** The keys of scripts with tool calls. */
export const TOOL_KEYS: readonly string[] = ['run', 'tool', 'input', 'say'];

function inputOf(text: string): Json {
  try {
    return asObject(JSON.parse(text));
  } catch {
    throw new ScriptError(`sim: 'input' must be JSON, not '${text}'.`);
  }
}

/** The calls of a script, in order: commands for `Bash`, one a line, or one call of any tool. */
export function toolCalls({ extra: { run, tool, input = '{}', say } }: Script): ToolCall[] {
  if (run === undefined) return tool === undefined ? [] : [{ name: tool, input: inputOf(input), say }];
  return run
    .split('\n')
    .map((command) => ({ name: 'Bash', input: { command, description: `Runs ${command.slice(0, 40)}` }, say }));
}

const blocksOf = (message: Json): Json[] => (Array.isArray(message['content']) ? message['content'].map(asObject) : []);
const hasResult = (message: Json): boolean => blocksOf(message).some(({ type }) => type === 'tool_result');

/**
 * The question that a request is about, and how many tool results have followed it: messages with results of tools are
 * no questions.
 */
export function questionOf(messages: unknown): { prompt: string; results: number } {
  if (!Array.isArray(messages)) return { prompt: '', results: 0 };
  const all = messages.map(asObject);
  const at = all.findLastIndex((message) => message['role'] === 'user' && !hasResult(message));
  if (at < 0) return { prompt: lastUserText(messages), results: 0 };
  return { prompt: textOf(all[at]?.['content']), results: all.slice(at).filter(hasResult).length };
}
