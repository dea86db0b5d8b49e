/** The form of an app, from the reply of its `/parameters`. Fields that are not as documented are ignored. */
import { asText, isJsonObject, type JsonObject } from '../../common/text/json.js';
import { type FileRules, readFileUpload, readRules } from './file-rules.js';

/** Types that are checked; others are passed on as they come. */
export type InputType =
  'text-input' | 'paragraph' | 'select' | 'number' | 'checkbox' | 'file' | 'file-list' | 'json_object';

export interface InputField {
  /** Name of the input. */
  variable: string;
  label: string;
  /** {@link InputType}, or one of a newer server. */
  type: string;
  required: boolean;
  /** Not shown in forms; may be sent all the same. */
  hidden: boolean;
  /** Undefined when there is none. */
  default: unknown;
  /** Characters of a text, or files of a list; 0 = any number. */
  maxLength: number;
  options: readonly string[];
  files: FileRules;
  placeholder?: string;
  hint?: string;
}

export interface AppForm {
  fields: readonly InputField[];
  /** For files beside the question; null when the app accepts none. */
  files: FileRules | null;
  sizes: FileSizes;
}

/** Bytes that a file of a kind may have. */
export interface FileSizes {
  image: number;
  audio: number;
  video: number;
  other: number;
}

const MB = 1024 * 1024;
/** Dify's own defaults, for servers that send none. */
const DEFAULT_MB = { image: 10, audio: 50, video: 100, other: 15 };
/** Filled in by the server itself. */
const NOT_ASKED = 'external_data_tool';

/** Reads the reply of `/parameters`. */
export function readForm(parameters: JsonObject): AppForm {
  const items: unknown[] = Array.isArray(parameters.user_input_form) ? parameters.user_input_form : [];

  return {
    fields: items.flatMap(readItem),
    files: readFileUpload(parameters.file_upload),
    sizes: readSizes(isJsonObject(parameters.system_parameters) ? parameters.system_parameters : {}),
  };
}

/** `{"text-input": {…}}`: the one key is the type. */
function readItem(item: unknown): InputField[] {
  const [entry] = isJsonObject(item) ? Object.entries(item) : [];
  if (!entry) return [];
  const [type, field] = entry;
  if (type === NOT_ASKED || !isJsonObject(field)) return [];
  const variable = asText(field.variable);
  if (variable === undefined) return [];

  return [
    {
      variable,
      label: asText(field.label) ?? variable,
      type,
      required: field.required === true,
      hidden: field.hide === true,
      default: isBlank(field.default) ? undefined : field.default,
      maxLength: typeof field.max_length === 'number' && field.max_length > 0 ? field.max_length : 0,
      options: Array.isArray(field.options) ? field.options.filter((option) => typeof option === 'string') : [],
      files: readRules(field),
      ...helpOf(field),
    },
  ];
}

function helpOf(field: JsonObject): Pick<InputField, 'placeholder' | 'hint'> {
  const placeholder = asText(field.placeholder);
  const hint = asText(field.hint);

  return { ...(placeholder !== undefined && { placeholder }), ...(hint !== undefined && { hint }) };
}

function readSizes(limits: JsonObject): FileSizes {
  const bytes = (value: unknown, otherwise: number) =>
    (typeof value === 'number' && value > 0 ? value : otherwise) * MB;

  return {
    image: bytes(limits.image_file_size_limit, DEFAULT_MB.image),
    audio: bytes(limits.audio_file_size_limit, DEFAULT_MB.audio),
    video: bytes(limits.video_file_size_limit, DEFAULT_MB.video),
    other: bytes(limits.file_size_limit, DEFAULT_MB.other),
  };
}

/** Whether a form field was left empty. */
export function isBlank(value: unknown): boolean {
  return value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);
}

/** Whether a field expects files. */
export function isFileField({ type }: InputField): boolean {
  return type === 'file' || type === 'file-list';
}

/** Merges inputs of several sources: later ones win, and null removes an input. */
export function mergeInputs(...sources: readonly (JsonObject | null | undefined)[]): JsonObject {
  const all = sources.flatMap((source) => Object.entries(source ?? {}));

  return Object.fromEntries([...new Map(all)].filter(([, value]) => value !== null));
}

/** Names by which apps without a conversation ask for the user's text. */
const TEXT_NAMES = ['query', 'user_query'];
const TEXT_TYPES = ['text-input', 'paragraph'];

/**
 * The input for the user's text, in apps that have inputs only (workflows, completion apps); null when the
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
