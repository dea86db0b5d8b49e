import { firstPart } from '../../common/text/text-cut.js';

/** Characters of a preview, and of what is shown around a hit. */
export const SHOWN_LENGTH = 160;
/** Characters in front of a hit that are shown. */
export const BEFORE_HIT = 50;

/** A text that may hold what is searched, by its size as it is stored. */
export interface SizedText {
  id: number;
  bytes: number;
}

/**
 * Returns the forms of a search text to look for in texts whose ASCII letters are in lower case: databases of the locale
 * C change no other letters. For those, the usual spellings are looked for.
 */
export function spellingsOf(search: string): string[] {
  const lower = search.toLowerCase();
  const capitalized = lower.replace(
    /(^|\s)(\S)/gu,
    (_all, space: string, letter: string) => space + letter.toUpperCase(),
  );

  return [...new Set([lower, search, search.toUpperCase(), capitalized].map(lowerAscii))];
}

const lowerAscii = (text: string) => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

/** Divides texts into batches of at most `maxBytes`; a larger text is alone in its batch. */
export function batchesOf(texts: readonly SizedText[], maxBytes: number): number[][] {
  const batches: number[][] = [];
  let room = 0;
  for (const { id, bytes } of texts) {
    if (bytes > room || batches.length === 0) {
      batches.push([]);
      room = maxBytes;
    }
    batches.at(-1)?.push(id);
    room -= bytes;
  }

  return batches;
}

/** Returns the beginning of a text, on one line. */
export function previewOf(text: string): string {
  return firstPart(text.trim().replace(/\s+/g, ' '), SHOWN_LENGTH);
}
