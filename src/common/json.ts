/** Any JSON object whose fields are not known to us. */
export type JsonObject = Record<string, unknown>;

/** Whether a value is an object with fields: not null, not an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The JSON object that a text is; null when it is anything else. */
export function parseObject(text: string): JsonObject | null {
  if (!text.trimStart().startsWith('{')) return null;
  try {
    const value: unknown = JSON.parse(text);

    return isJsonObject(value) ? value : null;
  } catch {
    return null;
  }
}
