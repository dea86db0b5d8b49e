import { AppError } from './app-error.js';

/** Bytes of UTF-8 that a prompt may have, on every path. */
export const MAX_PROMPT_BYTES = 60_000;

/** @throws AppError prompt_too_long, prompt of white space only */
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
