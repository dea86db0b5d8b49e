/** Recognizes secrets by their look, whatever the field that holds them is called. Pure. */

/** Beginnings that vendors give to their keys, with enough behind them not to be words. */
const VENDOR_KEY =
  /(?<![A-Za-z0-9])(?:sk-[\w-]{8,}|(?:sk|rk|pk)_(?:live|test)_\w{8,}|gh[opsur]_\w{12,}|github_pat_\w{12,}|glpat-[\w-]{12,}|xox[abeprs]-[\w-]{8,}|A[KS]IA[A-Z0-9]{12,}|AIza[\w-]{20,}|ya29\.[\w-]{12,}|hf_\w{12,}|npm_\w{12,}|pypi-[\w-]{12,}|app-[A-Za-z0-9]{16,}|dop_v1_\w{12,}|SG\.[\w-]{12,}|lin_api_\w{12,}|ntn_\w{12,})/;
const JWT = /(?<![\w-])eyJ[\w-]{8,}\.[\w-]{4,}\.[\w-]*/;
/** The value of an Authorization header. */
const CREDENTIALS = /^(?:Bearer|Basic|Token) +\S{8,}$/i;
/** A password in an address. */
const USER_INFO = /:\/\/[^/\s:@]*:[^/\s@]+@/;
/** Long enough that chance makes it, and not a person. */
const RUN = /[A-Za-z0-9+]{20,}/g;
/** A digest names an image, and a UUID a row: neither opens anything. */
const DIGEST = /sha(?:256|512):[a-f0-9]{32,}/g;
const MIN_OF_A_KIND = 2;
const MIN_BITS_PER_CHARACTER = 3;

/** Whether a text holds a secret: a key of a known vendor, a JWT, credentials, or a long random run of letters and digits. */
export function looksSecret(text: string): boolean {
  if ([VENDOR_KEY, JWT, CREDENTIALS, USER_INFO].some((shape) => shape.test(text))) return true;

  return (text.replace(DIGEST, '').match(RUN) ?? []).some(isRandom);
}

function isRandom(run: string): boolean {
  const digits = run.replace(/\D/g, '').length;
  const letters = run.replace(/[^A-Za-z]/g, '').length;

  return digits >= MIN_OF_A_KIND && letters >= MIN_OF_A_KIND && bitsPerCharacter(run) >= MIN_BITS_PER_CHARACTER;
}

/** Shannon entropy. */
function bitsPerCharacter(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);

  return [...counts.values()].reduce((sum, count) => sum - (count / text.length) * Math.log2(count / text.length), 0);
}
