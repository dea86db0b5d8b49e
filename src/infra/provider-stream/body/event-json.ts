/** Reads the data of a provider's events as leniently as their senders write them. */
import { isJsonObject, type JsonObject } from '../../../common/text/json.js';
import { jsonTextsOf, parseLenient } from './lenient-json.js';

/** What one block of data holds. */
export interface EventData {
  objects: JsonObject[];
  /** The first line that is neither JSON nor a keep-alive; null when there is none. */
  unreadable: string | null;
}

/** Comments, the end mark of OpenAI's API, and fields of another event in the same block. */
const NOT_DATA = /^(:|\[DONE\]|(event|id|retry):)/;
/**
 * Reads every JSON object of a block: proxies put keep-alive comments into `data:` lines, repeat the field name, and omit
 * the blank line between two events; servers in Python write NaN and Infinity.
 */
export function readEventData(data: string): EventData {
  const whole = parseLenient(data);
  if (whole !== undefined) return { objects: isJsonObject(whole) ? [whole] : [], unreadable: null };
  const objects: JsonObject[] = [];
  let unreadable: string | null = null;
  for (const text of jsonTextsOf(data)) {
    if (NOT_DATA.test(text)) continue;
    const value = parseLenient(text);
    if (isJsonObject(value)) objects.push(value);
    else if (value === undefined) unreadable ??= text;
  }

  return { objects, unreadable };
}
