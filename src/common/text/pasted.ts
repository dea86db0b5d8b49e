/** What people paste into settings, without what comes along when they copy it. */

/** Blanks, line ends, and characters without a width, which web pages put into texts. */
const EDGES = /^[\s\u200b-\u200f\u2060\ufeff]+|[\s\u200b-\u200f\u2060\ufeff]+$/g;
const QUOTED = /^(["'`])(.*)\1$/s;

/** A text without blanks and invisible characters around it. */
export function pastedText(text: string): string {
  return text.replace(EDGES, '');
}

/** A key alone: without quotes around it, and without `Authorization:` and `Bearer` in front. */
export function pastedKey(text: string): string {
  const bare = pastedText(text);
  const unquoted = pastedText(QUOTED.exec(bare)?.[2] ?? bare);

  return pastedText(unquoted.replace(/^authorization\s*:\s*/i, '').replace(/^bearer\s+/i, ''));
}
