/** Bounds of JSON texts from outside, checked before they are parsed: a parser needs time and memory for what it refuses. */

/** How deep a JSON text from outside may nest. */
export const MAX_JSON_DEPTH = 64;
/** How many values and names a JSON text from outside may have. */
export const MAX_JSON_PARTS = 100_000;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPENING = new Set([0x5b, 0x7b]);
const CLOSING = new Set([0x5d, 0x7d]);

/**
 * Returns what is wrong with the size of a JSON text, or null. The text need not be valid. Linear, stops at the first
 * problem, and skips texts within it without reading their characters one by one.
 */
export function jsonSizeProblem(text: string): string | null {
  let depth = 0;
  let parts = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfText(text, at);
    else if (code === COMMA || code === COLON) parts += 1;
    else if (OPENING.has(code)) depth += 1;
    else if (CLOSING.has(code)) depth -= 1;
    if (depth > MAX_JSON_DEPTH) return `must not be nested deeper than ${MAX_JSON_DEPTH} levels`;
    if (parts > MAX_JSON_PARTS) return `must not have more than ${MAX_JSON_PARTS} values`;
  }

  return null;
}

/** Returns the index of the quote that ends a text; the length when there is none. */
function endOfText(json: string, start: number): number {
  for (let end = json.indexOf('"', start + 1); end >= 0; end = json.indexOf('"', end + 1)) {
    let before = end - 1;
    while (json.charCodeAt(before) === BACKSLASH) before -= 1;
    if ((end - before) % 2 === 1) return end;
  }

  return json.length;
}
