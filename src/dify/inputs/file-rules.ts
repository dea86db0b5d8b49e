/** Which files an app accepts, from its `/parameters`: for the conversation and for each of its file inputs. */
import { FILE_TYPES, TRANSFER_METHODS } from '../../common/contracts/dify.js';
import { isJsonObject, type JsonObject } from '../../common/text/json.js';

/** Longer ones are refused by proxies on the way. */
const MAX_URL = 8_000;

/** Empty lists allow everything. */
export interface FileRules {
  types: readonly string[];
  /** Lower case, without the dot. They decide for files of the type `custom`. */
  extensions: readonly string[];
  methods: readonly string[];
  /** How many at once; 0 = any number. */
  max: number;
}

/** The rules for files beside a question: null when the app accepts none. Servers without this field may accept any. */
export function readFileUpload(upload: unknown): FileRules | null {
  if (!isJsonObject(upload)) return { types: [], extensions: [], methods: [], max: 0 };
  if (upload.enabled === true) return { ...readRules(upload), max: positive(upload.number_limits) };
  // The form before other files than images were possible.
  const image = upload.image;
  if (!isJsonObject(image) || image.enabled !== true) return null;
  const max = positive(image.number_limits);

  return { types: ['image'], extensions: [], methods: texts(image.transfer_methods), max };
}

/** The rules of a `file` or `file-list` input. */
export function readRules(field: JsonObject): FileRules {
  const extensions = texts(field.allowed_file_extensions).map((name) => name.replace(/^\./, '').toLowerCase());

  return {
    types: texts(field.allowed_file_types),
    extensions,
    methods: texts(field.allowed_file_upload_methods),
    max: positive(field.max_length),
  };
}

/** What is wrong with a file of a request, or null. */
export function fileProblem(file: unknown, rules: FileRules): string | null {
  if (!isJsonObject(file)) return 'must be a file: {type, transfer_method, url or upload_file_id}';
  const { type, transfer_method: method } = file;

  return (
    outside(type, 'type', FILE_TYPES) ??
    outside(method, 'transfer_method', TRANSFER_METHODS) ??
    (type === 'custom' ? null : outside(type, 'type', rules.types)) ??
    outside(method, 'transfer_method', rules.methods) ??
    (method === 'remote_url' ? urlProblem(file.url) : idProblem(file.upload_file_id))
  );
}

/** What is wrong with the number of files, or null. */
export function countProblem(count: number, { max }: FileRules): string | null {
  return max > 0 && count > max ? `must hold at most ${max} ${max === 1 ? 'file' : 'files'}` : null;
}

function outside(value: unknown, name: string, allowed: readonly string[]): string | null {
  if (allowed.length === 0 || (typeof value === 'string' && allowed.includes(value))) return null;

  return `needs a ${name} of: ${allowed.join(', ')}`;
}

function urlProblem(url: unknown): string | null {
  const isUsable = typeof url === 'string' && url.length <= MAX_URL && /^https?:\/\//i.test(url) && URL.canParse(url);

  return isUsable ? null : 'needs a url that begins with http:// or https://';
}

function idProblem(id: unknown): string | null {
  return typeof id === 'string' && /^[\w-]{1,128}$/.test(id) ? null : 'needs the upload_file_id of an uploaded file';
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

function positive(value: unknown): number {
  return typeof value === 'number' && value > 0 ? Math.floor(value) : 0;
}
