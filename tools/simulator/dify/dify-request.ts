// The checks of Dify's service API: key, app, user, body, inputs, files.
import type { IncomingHttpHeaders } from 'node:http';
import { asObject, asText, type Json } from '../../shared/json.js';
import { appOf, type DifyApp, formOf, isApp } from './dify-apps.js';
import { jsonReply } from '../deliver.js';
import { type Conversation, countCall, type DifyState } from './runs/dify-state.js';
import type { Headers, Reply } from '../exchange.js';

/** A refusal; thrown by the checks. */
export class DifyProblem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly headers: Headers = {},
  ) {
    super(message);
  }

  get reply(): Reply {
    return difyError(this.status, this.code, this.message, this.headers);
  }
}

/** An error in the form of Dify. */
export function difyError(status: number, code: string, message: string, headers?: Headers): Reply {
  return jsonReply(status, { code, message, status }, headers);
}

/** A parameter that is wrong. */
export function invalid(message: string): DifyProblem {
  return new DifyProblem(400, 'invalid_param', message);
}

const NOT_BEARER = "Authorization header must be provided and start with 'Bearer'";

/** The app of a request. @throws DifyProblem */
export function authorize(state: DifyState, headers: IncomingHttpHeaders): DifyApp {
  const key = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
  if (!key) throw new DifyProblem(401, 'unauthorized', NOT_BEARER, { 'www-authenticate': 'Bearer' });
  const app = appOf(key);
  if (!app || isApp(app, 'bad')) throw new DifyProblem(401, 'unauthorized', 'Access token is invalid');
  const calls = countCall(state, app, 'any');
  const left = app.numbers.get('revoked');
  if (left !== undefined && calls > left) throw new DifyProblem(401, 'unauthorized', 'Access token is invalid');
  if (isApp(app, 'off')) throw new DifyProblem(403, 'forbidden', "The app's API service has been disabled.");
  return app;
}

/** The `user` of a call. @throws DifyProblem */
export function userOf(value: unknown): string {
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string' && value !== '') return value;
  throw invalid('Arg user must be provided.');
}

/** Whether a reply is to be streamed. @throws DifyProblem */
export function streams(body: Json): boolean {
  const mode = body['response_mode'] ?? 'blocking';
  if (mode === 'streaming' || mode === 'blocking') return mode === 'streaming';
  throw invalid("response_mode: Input should be 'blocking' or 'streaming'");
}

const MODES_OF_CALL: Record<string, readonly string[]> = {
  'chat-messages': ['chat', 'agent-chat', 'advanced-chat', 'agent'],
  'completion-messages': ['completion'],
  workflows: ['workflow'],
};
const WRONG_MODE: Record<string, readonly [string, string]> = {
  'chat-messages': ['not_chat_app', 'Please check if your app mode matches the right API route.'],
  'completion-messages': ['app_unavailable', 'App unavailable, please check your app configurations.'],
  workflows: ['not_workflow_app', 'Please check if your app mode matches the right API route.'],
};

/** @throws DifyProblem when the app is not of the kind that the route serves */
export function checkMode(app: DifyApp, route: string): void {
  if (MODES_OF_CALL[route]?.includes(app.mode)) return;
  const [code, message] = WRONG_MODE[route] ?? ['not_found', 'Not found'];
  throw new DifyProblem(400, code, message);
}

/** @throws DifyProblem when nothing of the app is published */
export function checkPublished(app: DifyApp): void {
  if (isApp(app, 'unpublished'))
    throw new DifyProblem(400, 'app_unavailable', 'App unavailable, please check your app configurations.');
}

/** @throws DifyProblem when the app cannot run at all */
export function checkRunnable(app: DifyApp): void {
  checkPublished(app);
  if (isApp(app, 'quota'))
    throw new DifyProblem(400, 'provider_quota_exceeded', 'Your quota for Dify Hosted OpenAI has been exhausted.');
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The conversation that a message continues; undefined for a new one. @throws DifyProblem */
export function conversationOf(state: DifyState, app: DifyApp, user: string, id: unknown): Conversation | undefined {
  if (id === undefined || id === null || (typeof id === 'string' && id.trim() === '')) return undefined;
  if (!UUID.test(asText(id))) throw invalid(`${JSON.stringify(id)} is not a valid uuid.`);
  const found = state.conversations.get(asText(id));
  if (found && found.key === app.key && found.user === user) return found;
  throw new DifyProblem(404, 'not_found', 'Conversation Not Exists.');
}

const FILE_TYPES = ['image', 'document', 'audio', 'video', 'custom'];

/** @throws DifyProblem for a file that is none, or that another user uploaded */
export function checkFile(state: DifyState, app: DifyApp, user: string, value: unknown): void {
  const file = asObject(value);
  if (!FILE_TYPES.includes(String(file['type']))) throw invalid('Invalid file type');
  if (file['transfer_method'] === 'remote_url') {
    if (!/^https?:\/\//.test(asText(file['url'] ?? file['remote_url']))) throw invalid('Invalid file url');
    return;
  }
  if (file['transfer_method'] !== 'local_file') throw invalid('Invalid transfer method');
  const upload = state.uploads.get(String(file['upload_file_id']));
  if (upload?.key !== app.key || upload.user !== user) throw invalid('Invalid upload file');
}

interface Field {
  kind: string;
  name: string;
  required: boolean;
  options: unknown[];
  maxLength: number;
  fallback: unknown;
}

function fieldOf(item: Json): Field {
  const [kind = '', value] = Object.entries(item)[0] ?? [];
  const field = asObject(value);
  return {
    kind,
    name: String(field['variable']),
    required: field['required'] === true,
    options: Array.isArray(field['options']) ? field['options'] : [],
    maxLength: typeof field['max_length'] === 'number' ? field['max_length'] : Infinity,
    fallback: field['default'],
  };
}

const isText = (value: unknown): value is string => typeof value === 'string';

type Check = (value: unknown, field: Field) => string | undefined;

const text: Check = (value, { maxLength }) => {
  if (!isText(value)) return 'in input form must be a string';
  return value.length > maxLength ? `in input form must be less than ${maxLength} characters` : undefined;
};

/** What is wrong with the value of each kind of field. */
const CHECKS: Record<string, Check> = {
  'text-input': text,
  paragraph: text,
  select: (value, { options }) =>
    options.includes(value) ? undefined : `in input form must be one of the following: ${JSON.stringify(options)}`,
  number: (value) =>
    value !== '' && (isText(value) || typeof value === 'number') && Number.isFinite(Number(value))
      ? undefined
      : 'in input form must be a valid number',
  checkbox: (value) => (typeof value === 'boolean' ? undefined : 'in input form must be a valid boolean value'),
  file: (value) => (isText(value) || Array.isArray(value) ? 'in input form must be a file' : undefined),
  'file-list': (value, { maxLength }) => {
    if (!Array.isArray(value)) return 'in input form must be a list of files';
    return value.length > maxLength ? `in input form must be less than ${maxLength} files` : undefined;
  },
  json_object: (value) =>
    typeof value === 'object' && !Array.isArray(value) ? undefined : 'in input form must be a dict',
};

/** The value of one field. @throws DifyProblem */
function valueOf(state: DifyState, app: DifyApp, user: string, field: Field, given: unknown): unknown {
  if (given === undefined || given === null || given === '') {
    if (field.required) throw invalid(`${field.name} is required in input form`);
    return field.fallback ?? null;
  }
  const problem = CHECKS[field.kind]?.(given, field);
  if (problem) throw invalid(`${field.name} ${problem}`);
  if (field.kind === 'file') checkFile(state, app, user, given);
  if (field.kind === 'file-list') for (const file of given as unknown[]) checkFile(state, app, user, file);
  return given;
}

/** The inputs that the form knows, with its defaults. @throws DifyProblem */
export function inputsOf(state: DifyState, app: DifyApp, user: string, given: unknown): Json {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw invalid('inputs: Input should be a valid dictionary');
  }
  const values = asObject(given);
  const fields = formOf(app).map(fieldOf);
  return Object.fromEntries(fields.map((field) => [field.name, valueOf(state, app, user, field, values[field.name])]));
}
