/** Reads JSON from outside: each function returns a value of the expected kind, or undefined. */

/** A JSON object whose fields are not known. */
export type JsonObject = Record<string, unknown>;

/** Whether a value is an object with fields: not null, not an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value if it is a JSON object. */
export function asObject(value: unknown): JsonObject | undefined {
  return isJsonObject(value) ? value : undefined;
}

/** The value if it is a text that is not empty. */
export function asText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The value if it is a finite number. */
export function asNumber(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** The value that a JSON text stands for; undefined (which JSON does not have) when the text is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** The object that a JSON text stands for. Long texts that cannot be an object are not parsed. */
export function parseObject(text: string): JsonObject | undefined {
  return text.trimStart().startsWith('{') ? asObject(parseJson(text)) : undefined;
}

/**
 * Returns about how many characters the JSON of a value has, which is not made for it: that of some megabytes would block the
 * event loop for 30 ms. @param value nested no deeper than JSON from outside may be
 */
export function jsonLengthOf(value: unknown): number {
  if (typeof value === 'string') return value.length + 2;
  if (typeof value !== 'object' || value === null) return 8;
  if (Array.isArray(value)) return value.reduce<number>((length, part) => length + 1 + jsonLengthOf(part), 2);

  return Object.entries(value).reduce((length, [name, part]) => length + name.length + 4 + jsonLengthOf(part), 2);
}
