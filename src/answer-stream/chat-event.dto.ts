import type { ChatEvent } from '../common/contracts/chat-event.js';
import {
  type Fields,
  type SchemaObject,
  STEP_OPTIONAL,
  STEP_REQUIRED,
  USAGE_FIELDS,
  USAGE_REQUIRED,
  count,
  file,
  list,
  source,
  step,
  text,
  usage,
} from '../common/contracts/answer-schemas.js';
import { ApiEventStream, eventComponents } from '../infra/sse/api-events.js';

const usageSoFar: SchemaObject = { ...usage, description: 'As far as it was known' };
const proof: SchemaObject = {
  type: 'object',
  required: ['while'],
  properties: {
    provider_closed_ms: { ...count, description: 'From the cancel request to the closed socket of the provider' },
    dify_stop: { type: 'string', enum: ['confirmed', 'sent', 'failed'] },
    executor_acked: { type: 'boolean' },
    while: { type: 'string', enum: ['queued', 'running'] },
  },
};

function event(type: ChatEvent['type'], description: string, required: Fields, optional: Fields = {}): SchemaObject {
  return {
    type: 'object',
    description,
    required: ['type', ...Object.keys(required)],
    properties: { type: { type: 'string', enum: [type] }, ...required, ...optional },
    additionalProperties: false,
  };
}

const form: SchemaObject = {
  type: 'object',
  required: ['form_token', 'title', 'content', 'inputs', 'actions', 'expires_at', 'step_id'],
  properties: {
    form_token: text,
    title: text,
    content: { ...text, description: 'Markdown with placeholders of the inputs' },
    inputs: list({ type: 'object', additionalProperties: true }),
    actions: list({ type: 'object', properties: { id: text, title: text, style: text } }),
    expires_at: { ...text, nullable: true, format: 'date-time' },
    step_id: { ...text, description: 'The step that waits; when it goes on, the form is closed' },
  },
};
const attempt: SchemaObject = { type: 'integer', minimum: 1 };

/** JSON Schemas of everything that a chat stream may send in a `data:` line, by event type. */
export const CHAT_EVENT_SCHEMAS: Record<ChatEvent['type'], SchemaObject> = {
  queued: event('queued', 'Place in the waiting room, 1 = next; again whenever it changes', { position: attempt }),
  start: event('start', 'A run, or its next step, began: what follows is the answer of `subtask_id`', {
    task_id: attempt,
    subtask_id: attempt,
    attempt,
    shell_type: text,
    model: text,
  }),
  content: event('content', 'Text to append to the answer', { content: text }),
  reasoning: event('reasoning', 'Reasoning text to append; never part of the answer', { content: text }),
  replace: event('replace', 'Replaces the whole answer so far', { content: text }),
  reset: event('reset', 'Drop everything received for this answer; it starts again', { attempt, reason: text }),
  resync: event(
    'resync',
    'The whole answer so far, in place of events that are no longer in the log; what is missing is none',
    { content: text, reasoning: text },
    {
      subtask_id: { ...attempt, description: 'The step of a pipeline whose text it is; missing for the first' },
      attempt: { ...attempt, description: 'Of the run that the text is from, when an earlier one was lost' },
      steps: list(step),
      sources: list(source),
      files: list(file),
      suggestions: list(text),
      forms: list(form),
    },
  ),
  step: event(
    'step',
    'A step of the app began or went on; by `step_id`, the newest holds',
    STEP_REQUIRED,
    STEP_OPTIONAL,
  ),
  sources: event('sources', 'What the answer rests on; all of it', { sources: list(source) }),
  file: event('file', 'A file of the answer; by `file.id`, the newest holds', { file }),
  suggestions: event('suggestions', 'What may be asked next', { questions: list(text) }),
  input_required: event('input_required', 'The answer waits for a person: POST /api/direct-chat/{task_id}/input', {
    form,
  }),
  usage: event(
    'usage',
    'Token counts, cumulative',
    Object.fromEntries(Object.entries(USAGE_FIELDS).filter(([name]) => USAGE_REQUIRED.includes(name))),
    Object.fromEntries(Object.entries(USAGE_FIELDS).filter(([name]) => !USAGE_REQUIRED.includes(name))),
  ),
  done: event(
    'done',
    'Terminal: the answer is whole',
    {
      done: { type: 'boolean', enum: [true] },
      length: { ...count, description: 'Of the text of the answer, in UTF-16 units' },
      sha256: { ...text, description: 'Of the text of the answer in UTF-8, in hex digits', pattern: '^[0-9a-f]{64}$' },
      finish_reason: { ...text, example: 'stop' },
      elapsed_ms: count,
      first_token_ms: { ...count, nullable: true },
    },
    { usage },
  ),
  error: event(
    'error',
    'Terminal: the answer failed; partial text is kept',
    { error: text, code: { ...text, example: 'provider_overloaded' }, retryable: { type: 'boolean' } },
    { provider_status: { type: 'integer' }, usage: usageSoFar },
  ),
  cancelled: event(
    'cancelled',
    'Terminal: the answer was cancelled; partial text is kept',
    { cancelled: { type: 'boolean', enum: [true] }, proof },
    { usage: usageSoFar },
  ),
};

/** Component schemas of the OpenAPI document: `ChatEvent`, and one for each type. */
export function chatEventComponents(): Record<string, SchemaObject> {
  const description =
    'One `data:` line of a chat stream. Its `id:` is `<subtask_id>-<seq>`; the stream ends after done, error or cancelled.';

  return eventComponents('ChatEvent', description, CHAT_EVENT_SCHEMAS);
}

/** Describes a reply that is a chat stream. */
export const ApiChatStream = () => ApiEventStream('ChatEvent', '; a comment every 15 s keeps the connection open');
