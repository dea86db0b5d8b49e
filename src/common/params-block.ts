/** Inputs of an app in front of a prompt, as Wegent's web client sends those of its form. */
import { type JsonObject, parseObject } from './json.js';

const START = '[EXTERNAL_API_PARAMS]';
const BLOCK = /^\s*\[EXTERNAL_API_PARAMS\]([\s\S]*?)\[\/EXTERNAL_API_PARAMS\]/;

export interface SplitPrompt {
  /** What the user has written. */
  text: string;
  /** Null without a block. */
  inputs: JsonObject | null;
  /** Whether there is a block that cannot be read: then it is part of the text. */
  isBroken: boolean;
}

/** Takes the block from the beginning of a prompt. Prompts are stored with it: Wegent's client shows it as a form. */
export function splitPrompt(prompt: string): SplitPrompt {
  const whole = { text: prompt, inputs: null, isBroken: false };
  if (!prompt.trimStart().startsWith(START)) return whole;
  const [block, json] = BLOCK.exec(prompt) ?? [];
  const inputs = parseObject(json ?? '');
  if (block === undefined || !inputs) return { ...whole, isBroken: true };

  return { text: prompt.slice(block.length).replace(/^\r?\n/, ''), inputs, isBroken: false };
}

/** A prompt as its user reads it, and as models are asked. */
export function withoutParams(prompt: string): string {
  return splitPrompt(prompt).text;
}
