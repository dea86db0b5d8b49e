// The `key=value` scripts that prompts carry for the tools, `[sim tokens=5 rate=20]` for example.

/** A script that cannot be read; its message says why, and lists what is known. */
export class ScriptError extends Error {}

/** Keys and values as they were written. */
export type Pairs = Record<string, string>;

/** The scripts of a tool in a text, in order: what stands between `[tool` and `]`. */
export function directivesOf(tool: string, text: string): string[] {
  return [...text.matchAll(new RegExp(`\\[${tool}(?:\\s([^\\]]*))?\\]`, 'g'))].map((match) => match[1] ?? '');
}

function decode(tool: string, key: string, value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    throw new ScriptError(`${tool}: the value of '${key}' is not url-encoded: ${value}`);
  }
}

/**
 * Reads `key=value` pairs between blanks or commas. Values are url-encoded.
 *
 * @param tool the name that messages begin with
 * @param keys those that are known
 * @throws ScriptError for unknown keys and keys without a value
 */
export function readPairs(tool: string, source: string, keys: readonly string[]): Pairs {
  const pairs: Pairs = {};
  for (const item of source.split(/[\s,]+/).filter(Boolean)) {
    const at = item.indexOf('=');
    const key = at < 0 ? item : item.slice(0, at);
    if (!keys.includes(key)) throw new ScriptError(`${tool}: unknown key '${key}'. Known keys: ${keys.join(', ')}.`);
    if (at < 0) throw new ScriptError(`${tool}: '${key}' needs a value: ${key}=…`);
    pairs[key] = decode(tool, key, item.slice(at + 1));
  }
  return pairs;
}

/**
 * The number of a key, a whole one unless `fractions` are allowed; undefined when it is not set.
 *
 * @throws ScriptError for what is no number of the range
 */
export function numberOf(
  tool: string,
  pairs: Pairs,
  key: string,
  { min = 0, max = 1_000_000, fractions = false } = {},
): number | undefined {
  const raw = pairs[key];
  if (raw === undefined) return undefined;
  const value = Number(raw);
  const whole = fractions || Number.isInteger(value);
  if (raw === '' || !whole || !(value >= min && value <= max)) {
    throw new ScriptError(`${tool}: '${key}' must be a number from ${min} to ${max}, not '${raw}'.`);
  }
  return value;
}
