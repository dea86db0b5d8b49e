import type { ChatMessage, ModelParameters } from '../../common/contracts/chat-provider.js';

const DEFAULT_WINDOW = 128_000;
const DEFAULT_ANSWER = 4_096;
/** Tokens that a message costs besides its text: role and separators. */
const PER_MESSAGE = 4;

/**
 * Estimates the tokens of a text cautiously: four ASCII characters each, and one for every other character (Chinese or
 * Japanese text has about one token per character in the common tokenizers).
 */
export function estimateTokens(text: string): number {
  const characters = text.length;
  const ascii = characters - (text.match(/[\u0080-\uffff]/g)?.length ?? 0);

  return Math.ceil(ascii / 4) + (characters - ascii);
}

/**
 * Returns the messages that fit into the model's window beside the system prompt and the answer. The oldest turns are
 * removed first, a question together with its answer; the last message always stays.
 */
export function fitIntoWindow(
  messages: readonly ChatMessage[],
  system: string,
  parameters: ModelParameters,
): ChatMessage[] {
  const window = parameters.contextWindow ?? DEFAULT_WINDOW;
  let room = window - (parameters.maxTokens ?? DEFAULT_ANSWER) - estimateTokens(system);
  let start = messages.length;
  while (start > 0) {
    const message = messages[start - 1];
    if (!message) break;
    room -= estimateTokens(message.content) + PER_MESSAGE;
    if (room < 0 && start < messages.length) break;
    start -= 1;
  }
  // A conversation begins with a question.
  while (start < messages.length - 1 && messages[start]?.role === 'assistant') start += 1;

  return messages.slice(start);
}
