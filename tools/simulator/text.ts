// The answers of the simulator. Everything is deterministic, so that a test can detect a missing or doubled token.
import { GUIDE } from './guide.js';
import type { Script } from './script.js';

/** The tokens `w0 `, `w1 `, … each padded with spaces to `size` characters (longer when the number needs it). */
export function generatedTokens(tokens: number, size = 6): string[] {
  return Array.from({ length: tokens }, (_, i) => `w${i} `.padEnd(size));
}

/** The text a client must end up with after `tokens` generated tokens. */
export function generatedText(tokens: number, size = 6): string {
  return generatedTokens(tokens, size).join('');
}

/** The reasoning tokens `r0 `, `r1 `, … */
export function reasoningTokens(tokens: number, size = 6): string[] {
  return Array.from({ length: tokens }, (_, i) => `r${i} `.padEnd(size));
}

/** The reasoning text a client must end up with after `tokens` reasoning tokens. */
export function reasoningText(tokens: number, size = 6): string {
  return reasoningTokens(tokens, size).join('');
}

/** Tokens with characters of two, three and four UTF-8 bytes; what the case `utf8-split` answers. */
export function unicodeTokens(tokens: number): string[] {
  return Array.from({ length: tokens }, (_, i) => `w${i}é漢😀 `);
}

/** The text a client must end up with after `tokens` tokens of the case `utf8-split`. */
export function unicodeText(tokens: number): string {
  return unicodeTokens(tokens).join('');
}

/** The friendly answer to a prompt without a directive; it quotes the first words of the prompt. */
export function demoText(prompt: string): string {
  const words = prompt.trim().split(/\s+/).filter(Boolean);
  const quote = words.slice(0, 8).join(' ').slice(0, 80) + (words.length > 8 ? ' …' : '');
  return (
    `You wrote: “${quote || 'nothing at all'}”. I am the built-in simulator, so I cannot really answer that. ` +
    'But I stream like a real model: one word at a time, over the same wire format, with no key and no network.'
  );
}

const DEMO_REASONING = 'The user is trying the simulator. A short, friendly answer that quotes the prompt will do.';

/** Cuts at the blanks that follow words; the parts joined give the text again. */
function words(text: string): string[] {
  return text.match(/\s*\S+\s*/g) ?? [];
}

/** Cuts a literal text into tokens of `size` characters, never inside a surrogate pair. */
function pieces(text: string, size: number): string[] {
  const points = Array.from(text);
  const count = Math.ceil(points.length / size);
  return Array.from({ length: count }, (_, i) => points.slice(i * size, (i + 1) * size).join(''));
}

/** The tokens of the answer that a script asks for. */
export function answerTokens(script: Script, prompt: string): string[] {
  if (script.text !== undefined) return pieces(script.text, script.size);
  if (script.case === 'utf8-split') return unicodeTokens(script.tokens ?? 20);
  if (script.case === 'guide') return words(GUIDE);
  if (script.tokens === undefined) return words(demoText(prompt));
  return generatedTokens(script.tokens, script.size);
}

/** The reasoning tokens that a script asks for; `whenUnset` of them when a case needs some and the script names no number. */
export function scriptedReasoning(script: Script, whenUnset: number): string[] {
  if (script.reasoning !== undefined) return reasoningTokens(script.reasoning, script.size);
  if (whenUnset === 0) return [];
  return script.tokens === undefined ? words(DEMO_REASONING) : reasoningTokens(whenUnset, script.size);
}
