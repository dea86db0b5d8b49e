/** The events that nearly all of a stream consists of, read without parsing the ids around their text. */
import { parseJson } from '../infra/answers/json.js';

/** A piece of text, and the event that brought it. */
export interface TextEvent {
  name: string;
  text: string;
}

/** Longer ones are rare, and not worth the memory that matching takes. */
const MAX_LENGTH = 4_096;
const PLAIN_FIELDS = String.raw`(?:, ?"\w+": ?(?:"[^"\\]*"|\d+|null))*?`;
const TEXT = String.raw`"((?:[^"\\]|\\.)*)"`;
const MESSAGE = new RegExp(String.raw`^\{"event": ?"(message|agent_message)"${PLAIN_FIELDS}, ?"answer": ?${TEXT}`);
const CHUNK = new RegExp(String.raw`^\{"event": ?"(text_chunk)"${PLAIN_FIELDS}, ?"data": ?\{"text": ?${TEXT}`);

/**
 * A third of the time that `JSON.parse` takes, as the ids of the run are most of an event. Null when the event is
 * another one, or has its fields in another order: then it is to be parsed.
 */
export function textEvent(data: string): TextEvent | null {
  if (data.length > MAX_LENGTH || !data.endsWith('}')) return null;
  const [, name, raw] = MESSAGE.exec(data) ?? CHUNK.exec(data) ?? [];
  if (name === undefined || raw === undefined) return null;
  const text = raw.includes('\\') ? parseJson(`"${raw}"`) : raw;

  return typeof text === 'string' ? { name, text } : null;
}
