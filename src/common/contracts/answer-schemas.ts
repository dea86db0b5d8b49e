/** What answers are made of, as the OpenAPI document shows it: in events of streams and in results of subtasks. */
import { ApiProperty, type ApiPropertyOptions, type OpenAPIObject } from '@nestjs/swagger';

type Schemas = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>;
export type SchemaObject = Exclude<Schemas[string], { $ref: string }>;
export type Fields = Record<string, SchemaObject>;

export const text: SchemaObject = { type: 'string' };
export const count: SchemaObject = { type: 'integer', minimum: 0 };
const texts: SchemaObject = { type: 'object', additionalProperties: text };
export const list = (items: SchemaObject): SchemaObject => ({ type: 'array', items });

const COUNTS: Fields = { input_tokens: count, output_tokens: count, total_tokens: count };
export const USAGE_REQUIRED = Object.keys(COUNTS);
export const USAGE_FIELDS: Fields = {
  ...COUNTS,
  reasoning_tokens: count,
  cached_tokens: count,
  cost: { type: 'number', description: 'As the provider told it, else by the prices of the model' },
  currency: text,
};
export const usage: SchemaObject = { type: 'object', required: USAGE_REQUIRED, properties: USAGE_FIELDS };

/** A reference cannot be nullable in the document: what may be null is written out. */
export const USAGE_SUM: SchemaObject = {
  type: 'object',
  nullable: true,
  required: USAGE_REQUIRED,
  properties: {
    ...COUNTS,
    cost: { type: 'number', description: 'Left out when no cost is known, or when costs have several currencies' },
    currency: { ...text, description: 'Left out when the provider told a cost without one' },
  },
  description: 'Sums of all answers of direct chats, retried ones included; null when no provider told any',
};

export const STEP_REQUIRED = {
  step_id: text,
  kind: { ...text, enum: ['node', 'iteration', 'loop', 'thought', 'tool', 'log'] },
  title: text,
  status: { ...text, enum: ['running', 'succeeded', 'failed', 'skipped', 'retrying', 'paused'] },
} satisfies Fields;
export const STEP_OPTIONAL: Fields = {
  node_type: text,
  parent_id: { ...text, description: 'The step that it is a part of' },
  index: { type: 'integer' },
  elapsed_ms: count,
  tokens: count,
  detail: { ...texts, description: 'Inputs, outputs and the like as text; long ones are cut' },
  error: text,
};
export const step: SchemaObject = {
  type: 'object',
  required: Object.keys(STEP_REQUIRED),
  properties: { ...STEP_REQUIRED, ...STEP_OPTIONAL },
};
export const source: SchemaObject = {
  type: 'object',
  required: ['title'],
  properties: {
    title: text,
    url: text,
    content: text,
    score: { type: 'number' },
    document: text,
    dataset: text,
    position: { type: 'integer' },
  },
};
export const file: SchemaObject = {
  type: 'object',
  required: ['id', 'kind', 'url'],
  properties: { id: text, kind: { ...text, example: 'image' }, name: text, mime_type: text, url: text },
};

const TEXTS: Fields = {
  value: { ...text, description: 'The text of the answer' },
  reasoning: text,
  steps: list(step),
  sources: list(source),
  files: list(file),
  suggestions: list(text),
};

/** Result of a subtask. Executors may add fields of their own. */
export const SUBTASK_RESULT: SchemaObject = {
  type: 'object',
  nullable: true,
  required: ['value'],
  properties: {
    ...TEXTS,
    usage: { ...usage, description: 'Of stopped and failed answers as far as it was known' },
    model: { ...text, description: 'Direct chats: name of the model or app that answered' },
    elapsed_ms: { ...count, description: 'Direct chats: milliseconds from the start of the run to its end' },
    first_token_ms: {
      ...{ ...count, nullable: true },
      description: 'Direct chats: milliseconds from the start of the run to its first text; null without any',
    },
    message_id: { ...text, description: 'Dify: the message to rate' },
    session_id: { ...text, description: "Executors: the engine's session, which the next turn continues" },
    diff: {
      type: 'object',
      required: ['branch', 'base', 'stat', 'patch'],
      properties: {
        branch: text,
        base: { ...text, description: 'The commit that the changes are compared with' },
        commit: { ...text, description: 'Left out when nothing was committed' },
        stat: text,
        patch: { ...text, description: 'Cut when it is long' },
      },
      description: 'Executors: what they have changed in the repository',
    },
  },
  additionalProperties: true,
  description: 'Executors may add fields of their own',
};

const { detail: _detail, ...STEP_SHOWN } = STEP_OPTIONAL;

/** An answer as links show it. */
export const SHARED_RESULT: SchemaObject = {
  type: 'object',
  nullable: true,
  required: ['value'],
  properties: {
    ...TEXTS,
    steps: list({ ...step, properties: { ...STEP_REQUIRED, ...STEP_SHOWN } }),
  },
};

/** Shows a property by a schema. */
export const ApiSchema = (schema: SchemaObject): PropertyDecorator => ApiProperty(schema as ApiPropertyOptions);
