/** Reads the data of a provider's events as leniently as their senders write them. */
import { isJsonObject, type JsonObject, parseJson } from '../../common/json.js';

/** What one block of data holds. */
export interface EventData {
  objects: JsonObject[];
  /** The first line that is neither JSON nor a keep-alive; null when there is none. */
  unreadable: string | null;
}

/** A field name that some relays write twice, or in front of a second event whose blank line is missing. */
const PREFIX = /^(data:\s*)+/;
/** Comments, the end mark of OpenAI's API, and fields of another event in the same block. */
const NOT_DATA = /^(:|\[DONE\]|(event|id|retry):)/;
/** A number that Python writes and JSON does not know, where a value stands. */
const NOT_FINITE = /([[:,]\s*)(?:NaN|-?Infinity)(?=\s*[,\]}])/g;

/**
 * Reads every JSON object of a block: proxies put keep-alive comments into `data:` lines, repeat the field name, and omit
 * the blank line between two events; servers in Python write NaN and Infinity.
 */
export function readEventData(data: string): EventData {
  const whole = lenientJson(data);
  if (whole !== undefined) return { objects: isJsonObject(whole) ? [whole] : [], unreadable: null };
  const objects: JsonObject[] = [];
  let unreadable: string | null = null;
  for (const line of data.split('\n')) {
    const text = line.trim().replace(PREFIX, '');
    if (text === '' || NOT_DATA.test(text)) continue;
    const value = lenientJson(text);
    if (isJsonObject(value)) objects.push(value);
    else if (value === undefined) unreadable ??= text;
  }

  return { objects, unreadable };
}

/** The value of a JSON text, in which numbers that are not finite become null; undefined when it is not JSON. */
function lenientJson(text: string): unknown {
  const value = parseJson(text);
  if (value !== undefined || !/NaN|Infinity/.test(text)) return value;

  return parseJson(outsideStrings(text, (part) => part.replace(NOT_FINITE, '$1null')));
}

/** Changes the parts of a JSON text that are not strings. */
function outsideStrings(text: string, change: (part: string) => string): string {
  const parts = text.split(/("(?:[^"\\]|\\.)*")/);
  // A value is recognized by what surrounds it, which may lie in the part before a string.
  return parts.map((part, index) => (index % 2 === 0 ? change(part) : part)).join('');
}
