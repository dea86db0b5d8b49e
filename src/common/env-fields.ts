import type { JsonObject } from './text/json.js';
import { pastedText } from './text/pasted.js';

/** Reads a variable as trimmed text; undefined when it is empty. */
export type ReadVariable = (name: string) => string | undefined;

/** Names are compared without case, underscores and hyphens: API_KEY, api_key and apiKey are one. */
const plain = (name: string) => name.replace(/[_-]/g, '').toUpperCase();

/** A variable of a bot's `env`, whatever the spelling of its name; undefined when it is empty. */
export function envField(env: JsonObject, name: string): unknown {
  const wanted = plain(name);

  return Object.entries(env).find(([key, value]) => plain(key) === wanted && value !== '' && value !== null)?.[1];
}

/** Reads variables of an `env` as trimmed texts. */
export function envReader(env: JsonObject): ReadVariable {
  return (name) => {
    const value = envField(env, name);
    const text = typeof value === 'number' ? String(value) : value;

    return typeof text === 'string' ? pastedText(text) || undefined : undefined;
  };
}
