// Careful reading of request bodies: nothing about their shape is known.

/** A JSON object whose fields still need a look. */
export type Json = Record<string, unknown>;

/** The object behind an unknown JSON value; empty when it is none. */
export function asObject(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

/** A text, or nothing when the value is none. */
export function asText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** The text of a message content: a string, or the text parts of a list. */
export function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content
    .map((part) => asObject(part)['text'])
    .filter((text) => typeof text === 'string')
    .join('\n');
}

/** The text of the last message that a user wrote. */
export function lastUserText(messages: unknown): string {
  if (!Array.isArray(messages)) return '';
  const last = messages.map(asObject).findLast((message) => message['role'] === 'user');
  return textOf(last?.['content']);
}
