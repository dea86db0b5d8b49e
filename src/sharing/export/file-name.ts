import { firstPart } from '../../common/text/text-cut.js';

const MAX_NAME = 80;

/**
 * Returns a Content-Disposition for a file that is named after a title: with a plain name for old clients, and the whole
 * one in UTF-8 (RFC 6266). Neither contains what a file system gives a meaning.
 */
export function attachment(title: string, fallback: string, extension: string): string {
  const bare = title
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}/\\:*?"<>|]+/gu, ' ')
    .replace(/\s+/g, ' ')
    .replace(/^[\s.]+/, '');
  const name = firstPart(bare, MAX_NAME).replace(/[\s.]+$/, '') || fallback;
  const encoded = encodeURIComponent(`${name}.${extension}`).replace(/['()*!]/g, percent);

  return `attachment; filename="${fallback}.${extension}"; filename*=UTF-8''${encoded}`;
}

const percent = (letter: string) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`;
