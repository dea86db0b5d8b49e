import { AppError } from '../app-error.js';
import { jsonSizeProblem } from '../text/json-limits.js';
import { isJsonObject, type JsonObject, parseObject } from '../text/json.js';
import { looksSecret } from './secret-shape.js';
import { lastPart } from '../text/text-cut.js';

const MASK = '***';
const MASKED = /^\*{3}.{0,4}$/s;
/** The last 4 characters of a shorter secret would reveal too much of it. */
const MIN_LENGTH_FOR_TAIL = 12;
const SECRET_NAME = /key|token|secret|passw|passphrase|pwd|authoriz|authentic|cookie|credential/i;
/** Parts of a name that would also be found within other words. */
const SECRET_WORD = /^(?:auth|oauth|pass|pat|jwt|bearer)$/i;

/** What replies show in place of a secret: `***` and, of longer ones, the last 4 characters. */
export function maskSecret(secret: string): string {
  return secret.length < MIN_LENGTH_FOR_TAIL ? MASK : MASK + lastPart(secret, 4);
}

/** Whether a text is what {@link maskSecret} made. */
export function isMasked(text: string): boolean {
  return MASKED.test(text);
}

/** Whether a field of an `env` or `headers` object holds a secret, by its name. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name) || wordsOf(name).some((word) => SECRET_WORD.test(word));
}

/** The words of `DB_AUTH`, `x-auth-token` and `basicAuth`. */
const wordsOf = (name: string): string[] => name.replace(/([a-z])([A-Z])/g, '$1 $2').split(/[^A-Za-z]+/);

/**
 * A copy in which every secret text, at any depth, is masked: by its name, or because it looks like a secret. What stands
 * below a secret name is secret too; JSON text in a field is masked by its own fields.
 */
export function maskObject(object: JsonObject, secret = false): JsonObject {
  return mapFields(object, (name, value) => maskValue(value, secret || isSecretName(name)));
}

function maskValue(value: unknown, secret: boolean): unknown {
  if (isJsonObject(value)) return maskObject(value, secret);
  if (Array.isArray(value)) return value.map((item) => maskValue(item, secret));

  return typeof value === 'string' ? maskText(value, secret) : value;
}

function maskText(text: string, secret: boolean): string {
  // Stored before there was a limit: what cannot be read is masked as a whole.
  if (secret || isHuge(text)) return text === '' ? text : maskSecret(text);
  const nested = parseObject(text);
  if (nested) return JSON.stringify(maskObject(nested));

  return looksSecret(text) ? maskSecret(text) : text;
}

/**
 * The incoming object with every masked secret replaced by the stored one of the same place; without one it is left out.
 * @throws AppError validation_failed for a JSON text in a field that nests too deep
 */
export function keepMaskedObject(incoming: JsonObject, stored: JsonObject | null | undefined): JsonObject {
  return mapFields(incoming, (name, value) => keepField(value, ownField(stored, name)));
}

function keepField(value: unknown, stored: unknown): unknown {
  if (isJsonObject(value)) return keepMaskedObject(value, isJsonObject(stored) ? stored : null);
  if (Array.isArray(value))
    return value.map((item, index) => keepField(item, Array.isArray(stored) ? stored[index] : undefined));
  if (typeof value !== 'string') return value;
  if (isMasked(value)) return stored;
  if (isHuge(value)) throw new AppError('validation_failed', `The JSON in a text field ${jsonSizeProblem(value)}`);
  const nested = parseObject(value);

  return nested ? keepText(value, nested, stored) : value;
}

/** Whether a text could be a JSON object that is too large to be read. */
function isHuge(text: string): boolean {
  return text.trimStart().startsWith('{') && jsonSizeProblem(text) !== null;
}

function ownField(object: JsonObject | null | undefined, name: string): unknown {
  return object && Object.hasOwn(object, name) ? object[name] : undefined;
}

/** JSON text stays as it was typed, unless a masked secret stands in it. */
function keepText(text: string, nested: JsonObject, stored: unknown): string {
  const kept = keepMaskedObject(nested, typeof stored === 'string' ? parseObject(stored) : null);
  const unchanged = JSON.stringify(nested) === JSON.stringify(kept);

  return unchanged ? text : JSON.stringify(kept);
}

function mapFields(object: JsonObject, map: (name: string, value: unknown) => unknown): JsonObject {
  return Object.fromEntries(
    Object.entries(object)
      .map(([name, value]) => [name, map(name, value)])
      .filter(([, value]) => value !== undefined),
  ) as JsonObject;
}
