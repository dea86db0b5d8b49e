/**
 * What a step of a pipeline is asked: the user's question and, from the second step on, what the step before it has
 * answered. The wording is Wegent's, whose prompts are written for it.
 * @param previous null for a first step
 */
export function stepPrompt({ prompt, previous }: { prompt: string; previous: string | null }): string {
  return previous === null ? prompt : `${prompt}\nPrevious execution result: ${previous}`;
}
