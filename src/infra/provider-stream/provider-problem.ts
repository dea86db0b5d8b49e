/** Finds what a provider says about a failure, in the many shapes in which providers, gateways and proxies say it. */
import { asNumber, asObject, asText, type JsonObject } from '../../common/text/json.js';
import { jsonTextsOf, parseLenient } from './body/lenient-json.js';

/** The parts of an error body that describe the failure. */
export interface ProviderProblem {
  /** The innermost reason in words. */
  message?: string;
  type?: string;
  code?: string;
  /** An HTTP status that stands in the body. */
  status?: number;
}

/** Names of the reason in words, the more telling first. `status_msg` is MiniMax's, `error_msg` Baidu's. */
const MESSAGES = [
  ...['message', 'error_message', 'errorMessage', 'error_msg', 'err_msg', 'errmsg', 'status_msg', 'msg', 'Message'],
  ...['detail', 'details', 'error_description', 'description', 'faultstring', 'reason', 'title', 'error', 'raw'],
];
/** Names under which another description of the failure stands. */
const INNER = [
  ...['error', 'errors', 'err', 'Error', 'base_resp', 'baseResp', 'fault', 'detail', 'details', 'data', 'body'],
  ...['response', 'Response', 'ResponseMetadata', 'innererror', 'cause', 'metadata', 'raw', 'message', 'error_message'],
];
const CODES = ['code', 'error_code', 'errorCode', 'err_code', 'errcode', 'status_code', 'Code', 'status'];
const STATUSES = [
  ...[
    'code',
    'status',
    'http_code',
    'http_status',
    'httpStatus',
    'status_code',
    'statusCode',
    'error_code',
    'errorCode',
  ],
];
const TYPES = ['type', 'error_type', 'errorType', '__type', 'name'];
/** Say nothing, so that what stands further inside replaces them. */
const EMPTY_WORDS =
  /^(?:(?:the )?(?:provider|upstream)\b.{0,30}\b(?:error|failed|failure)|(?:bad|invalid) request|error|openai_error|request failed|(?:internal(?: server)?|unknown|api) error|failed|an error occurred|bad_response_status_code|\d{3})\W*$/i;
const MAX_DEPTH = 6;

/** Parses the body of an HTTP error. Plain text is the message itself; HTML has none. */
export function readProblem(text: string): ProviderProblem {
  const plain = text.trim();
  if (/^(?:data|event|error):/.test(plain)) return problemOf(jsonTextsOf(plain.replace(/^(?:event:.*|error:)/gm, '')));

  return plain === '' || isMarkup(plain) ? {} : problemOf(plain);
}

/** Reads the problem from a JSON value, or from a text that is or contains JSON. */
export function problemOf(value: unknown): ProviderProblem {
  return read(value, 0);
}

/** Whether a text is a page or a part of one. */
export function isMarkup(text: string): boolean {
  return /^\s*<|<(!doctype|html|head|body)\b/i.test(text);
}

/** Whether a field that names a failure does so: not `null`, 0, `""`, or an object of nothing but these. */
export function isTelling(value: unknown, depth = 0): boolean {
  if (typeof value === 'string') return !/^\s*(?:null|none|nil|false|ok|success|0|200)?\s*$/i.test(value);
  if (typeof value !== 'object' || value === null) return Boolean(value);

  return depth <= MAX_DEPTH && Object.values(value).some((each) => isTelling(each, depth + 1));
}

function read(value: unknown, depth: number): ProviderProblem {
  if (depth > MAX_DEPTH) return {};
  if (typeof value === 'string') return ofText(value, depth);
  if (Array.isArray(value)) return ofList(value, depth);
  const body = asObject(value);

  return body ? ofObject(body, depth) : {};
}

/** A text may be JSON, or hold it behind words of a gateway: `Error code: 400 - {"error":…}`. */
function ofText(text: string, depth: number): ProviderProblem {
  const begin = text.search(/[[{]\s*["{]/);
  const end = Math.max(text.lastIndexOf('}'), text.lastIndexOf(']'));
  const json = begin >= 0 && end > begin ? parseLenient(text.slice(begin, end + 1)) : parseLenient(text);
  const inner = typeof json === 'object' || typeof json === 'string' ? read(json, depth + 1) : {};
  if (Object.values(inner).some((part) => part !== undefined)) return inner;
  // An object without any reason is no reason either.
  if (typeof json === 'object' && text.trimStart().search(/[[{]/) === 0) return {};

  return text.trim() === '' || isMarkup(text) ? {} : { message: text };
}

/** FastAPI's list has `{loc, msg}`; other lists have one error after the other. */
function ofList(list: readonly unknown[], depth: number): ProviderProblem {
  for (const each of list) {
    const found = read(each, depth + 1);
    const where = asObject(each)?.['loc'];
    if (found.message !== undefined && Array.isArray(where)) found.message = `${where.join('.')}: ${found.message}`;
    if (found.message !== undefined || found.type !== undefined) return found;
  }

  return {};
}

function ofObject(body: JsonObject, depth: number): ProviderProblem {
  const own: ProviderProblem = {
    message: firstOf(body, MESSAGES, messageOf),
    type: firstOf(body, TYPES, asText) ?? exceptionOf(body),
    code: firstOf(body, CODES, codeOf),
    status: firstOf(body, STATUSES, statusOf),
  };
  const inner = innerOf(body, depth);
  if (!inner) return own;

  return {
    message: combined(own.message, inner.message),
    type: inner.type ?? own.type,
    code: inner.code ?? own.code,
    status: inner.status ?? own.status,
  };
}

/** What stands further inside; the first that has words, else the first that has anything. */
function innerOf(body: JsonObject, depth: number): ProviderProblem | undefined {
  const exception = exceptionOf(body);
  const found = [...INNER, ...(exception === undefined ? [] : [exception])]
    .map((name) => body[name])
    .filter((value) => (typeof value === 'object' && value !== null) || isJsonText(value))
    .map((value) => read(value, depth + 1))
    .filter((problem) => Object.values(problem).some((part) => part !== undefined));

  return found.find(({ message }) => message !== undefined) ?? found[0];
}

const isJsonText = (value: unknown) => typeof value === 'string' && /[[{]\s*["{]/.test(value);

function combined(outer: string | undefined, inner: string | undefined): string | undefined {
  if (inner === undefined || outer === undefined) return inner ?? outer;
  if (outer.includes(inner)) return isJsonText(outer) ? inner : outer;

  return EMPTY_WORDS.test(outer.trim()) || isJsonText(outer) || inner.includes(outer) ? inner : `${outer}: ${inner}`;
}

function firstOf<T>(body: JsonObject, names: readonly string[], as: (value: unknown) => T | undefined): T | undefined {
  for (const name of names) {
    const found = as(body[name]);
    if (found !== undefined) return found;
  }

  return undefined;
}

function messageOf(value: unknown): string | undefined {
  const text = isTelling(value) ? asText(value) : undefined;

  return text === undefined || isMarkup(text) ? undefined : text;
}

/** A code in words, or a number that is no status. */
function codeOf(value: unknown): string | undefined {
  if (typeof value === 'number') return value !== 0 && statusOf(value) === undefined ? String(value) : undefined;

  return isTelling(value) && statusOf(value) === undefined ? asText(value) : undefined;
}

function statusOf(value: unknown): number | undefined {
  const status = asNumber(value) ?? asNumber(Number.parseInt(asText(value) ?? '', 10));

  return status !== undefined && status >= 400 && status < 600 ? status : undefined;
}

/** Amazon's streams name an error by the field in which it stands. */
function exceptionOf(body: JsonObject): string | undefined {
  return Object.keys(body).find((name) => /[a-z](?:Exception|Error)$/.test(name) && asObject(body[name]));
}
