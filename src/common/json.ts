/** Any JSON object whose fields are not known to us. */
export type JsonObject = Record<string, unknown>;

/** Whether a value is an object with fields: not null, not an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
