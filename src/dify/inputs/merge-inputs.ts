import type { JsonObject } from '../../common/json.js';
import { type InputField, isBlank } from './input-form.js';

/** Inputs of several sources: later ones win, and a null of theirs takes an input away. */
export function mergeInputs(...sources: readonly (JsonObject | null | undefined)[]): JsonObject {
  const all = sources.flatMap((source) => Object.entries(source ?? {}));

  return Object.fromEntries([...new Map(all)].filter(([, value]) => value !== null));
}

/** Names by which apps without a conversation ask for the user's text. */
const TEXT_NAMES = ['query', 'user_query'];
const TEXT_TYPES = ['text-input', 'paragraph'];

/**
 * The input that takes the user's text, in apps that have inputs only (workflows, completion apps); null when the
 * inputs have it already.
 * @param fields of the app's form; null when it is not known
 */
export function inputForText(fields: readonly InputField[] | null, inputs: JsonObject): string | null {
  if (TEXT_NAMES.some((name) => !isBlank(inputs[name]))) return null;
  const asked = TEXT_NAMES.find((name) => fields?.some(({ variable }) => variable === name));
  if (asked !== undefined) return asked;
  const [only, ...others] = fields ?? [];
  // A form with one question and a user who has said one thing.
  if (only && others.length === 0 && TEXT_TYPES.includes(only.type)) {
    return isBlank(inputs[only.variable]) ? only.variable : null;
  }

  return 'query';
}
