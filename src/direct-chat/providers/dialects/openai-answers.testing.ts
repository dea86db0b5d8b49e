/** OpenAI's chunks, and what the mapper makes of them, for specs. */
import type { AppError } from '../../../common/app-error.js';
import { OpenaiEvents } from '../openai/openai.events.js';
import { OPENAI_SOURCE, dataLines, replay, summary } from '../providers.testing.js';

export const DONE = 'data: [DONE]\n\n';
export const chunk = (delta: unknown, finish_reason: unknown = null) => ({
  choices: [{ index: 0, delta, finish_reason }],
});
export const text = (content: unknown) => chunk({ content });
export const ended = chunk({}, 'stop');
export const finish = (finish_reason: string) => ({ type: 'finish', finish_reason });

interface Answer {
  content: string;
  reasoning: string;
  rest: unknown[];
  shapes: string[];
  error?: AppError;
}

/** What comes of a body. @param isMany whether several choices were asked for */
export function answerTo(body: string, isMany = false): Answer {
  const shapes: string[] = [];
  const mapper = new OpenaiEvents(OPENAI_SOURCE, 'auto', (where) => shapes.push(where), isMany);
  try {
    return { ...summary(replay(mapper, [body])), shapes };
  } catch (error) {
    return { content: '', reasoning: '', rest: [], shapes, error: error as AppError };
  }
}

/** What comes of chunks that `[DONE]` follows. */
export const stream = (...chunks: unknown[]) => answerTo(dataLines(...chunks) + DONE);
