import { AppError } from '../app-error.js';
import { type JsonObject, parseObject } from './json.js';

/** Bytes of UTF-8 that a prompt may have, on every path. */
const MAX_PROMPT_BYTES = 60_000;

/** Checks the length of a prompt. @throws AppError prompt_too_long; validation_failed for white space only */
export function checkPrompt(prompt: string): void {
  const bytes = Buffer.byteLength(prompt);
  if (bytes > MAX_PROMPT_BYTES) {
    throw new AppError('prompt_too_long', `The prompt has ${bytes} bytes; at most ${MAX_PROMPT_BYTES} are possible`);
  }
  if (prompt.trim() === '') {
    throw new AppError('validation_failed', 'The prompt is empty', {
      errors: [{ field: 'prompt', message: 'prompt must hold some text' }],
    });
  }
}

/** A title for a conversation that came without one: the beginning of its first line. */
export function titleFrom(prompt: string): string {
  const line = prompt.trim().split(/\r?\n/, 1)[0] ?? '';
  const letters = Array.from(line);

  return letters.length > 60 ? `${letters.slice(0, 59).join('')}…` : line;
}

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

/**
 * Splits a prompt into its text and the block of inputs that Wegent's web client puts before it. Prompts are stored with
 * the block, which that client shows as a form.
 */
export function splitPrompt(prompt: string): SplitPrompt {
  const whole = { text: prompt, inputs: null, isBroken: false };
  if (!prompt.trimStart().startsWith(START)) return whole;
  const [block, json] = BLOCK.exec(prompt) ?? [];
  const inputs = parseObject(json ?? '');
  if (block === undefined || !inputs) return { ...whole, isBroken: true };

  return { text: prompt.slice(block.length).replace(/^\r?\n/, ''), inputs, isBroken: false };
}

/** The prompt without the block, for users and models. */
export function withoutParams(prompt: string): string {
  return splitPrompt(prompt).text;
}

/**
 * The prompt of a pipeline's step: the user's question and, from the second step on, the answer of the step before. The
 * wording is Wegent's, whose prompts are written for it.
 * @param previous null for a first step
 */
export function stepPrompt({ prompt, previous }: { prompt: string; previous: string | null }): string {
  return previous === null ? prompt : `${prompt}\nPrevious execution result: ${previous}`;
}

/**
 * The form of a title that searches compare: compatible characters alike (`ﬁ` and `fi`, full and half width), in lower
 * case, independent of the machine's locale. A part of a text gives a part of its key, so that `includes` finds any
 * substring.
 */
export function searchKey(text: string): string {
  // Lower case makes a sigma at the end of a word another letter than one within: a part of a word would not be found.
  return text.normalize('NFKC').toLowerCase().normalize('NFKC').replaceAll('ς', 'σ');
}
