/** Cuts of texts that never fall into a character: half of a surrogate pair is refused by databases and providers. */

/** The beginning of a text: at most `limit` UTF-16 units, one less where the last would be half a character. */
export function firstPart(text: string, limit: number): string {
  if (text.length <= limit) return text;

  return text.slice(0, isInsideCharacter(text, limit) ? limit - 1 : limit);
}

/** The end of a text: at most `limit` UTF-16 units, one less where the first would be half a character. */
export function lastPart(text: string, limit: number): string {
  const start = Math.max(0, text.length - limit);

  return text.slice(isInsideCharacter(text, start) ? start + 1 : start);
}

/** Whether a cut in front of the unit at `index` would separate the halves of a surrogate pair. */
function isInsideCharacter(text: string, index: number): boolean {
  return isHighSurrogate(text.charCodeAt(index - 1)) && isLowSurrogate(text.charCodeAt(index));
}

/** Whether a UTF-16 unit is the first half of a character. */
export function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}
