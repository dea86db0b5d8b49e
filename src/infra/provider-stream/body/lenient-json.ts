/** Reads data that is not quite JSON: what parsers refuse, and what servers and relays send nevertheless. */
import { parseJson } from '../../../common/text/json.js';

/** Strings of JSON, and the numbers of Python that JSON does not know. */
const STRINGS_AND_NUMBERS = /"(?:[^"\\]|\\[\s\S])*"|-?\b(?:NaN|Infinity)\b/g;
const CONTROL = /\p{Cc}/gu;

/** Like {@link parseJson}; also reads `NaN`, `Infinity` (as null), and control characters within strings. */
export function parseLenient(text: string): unknown {
  const value = parseJson(text);
  if (value !== undefined || !/^\s*[[{]/.test(text)) return value;

  return parseJson(text.replace(STRINGS_AND_NUMBERS, (found) => (found.startsWith('"') ? escaped(found) : 'null')));
}

/**
 * Splits the data of an event that is not JSON as a whole into texts that are, as far as possible: lines that lack the
 * blank line between them, a repeated `data:`, values without anything between them. The rest is returned as it is.
 */
export function jsonTextsOf(data: string): string[] {
  return data
    .split('\n')
    .map((line) => line.replace(/^(?:\s*data:)+/, '').trim())
    .filter((line) => line !== '')
    .flatMap((line) => (parseLenient(line) === undefined ? concatenated(line) : [line]));
}

/** Splits `{…}{…}` into its values; the whole text when it is none of these. */
function concatenated(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}]/g)) {
    if (token === '{') depth += 1;
    else if (token === '}') depth -= 1;
    if (token !== '}' || depth !== 0) continue;
    parts.push(text.slice(start, index + 1).trim());
    start = index + 1;
  }
  const isAll = parts.length > 1 && text.slice(start).trim() === '';

  return isAll && parts.every((part) => parseLenient(part) !== undefined) ? parts : [text];
}

function escaped(text: string): string {
  return text.replace(CONTROL, (char) => String.raw`\u00${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
