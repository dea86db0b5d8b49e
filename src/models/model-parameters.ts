/** The rules for `parameters` and `headers` of a model: shared by the API, the seeds and the `env` of bots. */
import { plainToInstance } from 'class-transformer';
import { validateSync, type ValidationError } from 'class-validator';
import type { FieldProblem } from '../common/app-error.js';
import type { ModelParameters, ModelPrices } from '../common/contracts/chat-provider.js';
import {
  BoolField,
  EnumField,
  IntField,
  NestedField,
  NumberField,
  ObjectField,
  TextField,
  TextListField,
} from '../common/fields.js';
import { isJsonObject } from '../common/text/json.js';
import { isSecretName } from '../common/secrets/mask.js';

const optional = true;
const MAX_PRICE = 1_000_000;

/** Prices of a million tokens. */
export class ModelPricesDto implements ModelPrices {
  @NumberField({ min: 0, max: MAX_PRICE })
  input!: number;

  @NumberField({ min: 0, max: MAX_PRICE })
  output!: number;

  /** Of input that the provider had in its cache; that of input when missing */
  @NumberField({ optional, min: 0, max: MAX_PRICE })
  cached?: number;

  /**
   * ISO 4217
   * @example USD
   */
  @TextField({ max: 3, pattern: /^[A-Z]{3}$/, patternMessage: 'must be three capital letters, for instance USD' })
  currency!: string;
}

/** Settings that change what is sent to the provider. Nothing is sent by default. */
export class ModelParametersDto implements ModelParameters {
  /** Upper bound of output tokens */
  @IntField({ optional, min: 1, max: 10_000_000 })
  maxTokens?: number;

  @NumberField({ optional, min: 0, max: 2 })
  temperature?: number;

  @NumberField({ optional, min: 0, max: 1 })
  topP?: number;

  @TextListField({ optional, maxItems: 16, max: 500 })
  stop?: string[];

  /** Put before the bot's own prompt */
  @TextField({ optional, max: 60_000 })
  systemPrompt?: string;

  /** Tokens that prompt and answer may fill together */
  @IntField({ optional, min: 256, max: 100_000_000 })
  contextWindow?: number;

  /** Claude's `thinking` object, sent as it is */
  @ObjectField({ optional })
  thinking?: Record<string, unknown>;

  /** OpenAI's `reasoning_effort` */
  @TextField({ optional, max: 32 })
  reasoningEffort?: string;

  /** OpenAI: name of the output bound */
  @EnumField(['max_tokens', 'max_completion_tokens'], { optional })
  maxTokensField?: 'max_tokens' | 'max_completion_tokens';

  /** OpenAI: role of the system prompt; `user` puts it before the first question */
  @EnumField(['system', 'developer', 'user'], { optional })
  systemRole?: 'system' | 'developer' | 'user';

  /** OpenAI: false leaves `stream_options` out */
  @BoolField({ optional })
  streamUsage?: boolean;

  /** Claude: which header carries the key */
  @EnumField(['x-api-key', 'bearer'], { optional })
  authScheme?: 'x-api-key' | 'bearer';

  /** What to do with reasoning between marks like `<think>…</think>` in the text */
  @EnumField(['auto', 'implicit', 'off'], { optional })
  thinkTag?: 'auto' | 'implicit' | 'off';

  /** Extra top-level fields of the request body */
  @ObjectField({ optional })
  extraBody?: Record<string, unknown>;

  /** By them answers get a `cost` where the provider tells none. Not sent to the provider */
  @NestedField(() => ModelPricesDto, { optional })
  prices?: ModelPricesDto;
}

const KNOWN: readonly (keyof ModelParameters)[] = [
  'maxTokens',
  'temperature',
  'topP',
  'stop',
  'systemPrompt',
  'contextWindow',
  'thinking',
  'reasoningEffort',
  'maxTokensField',
  'systemRole',
  'streamUsage',
  'authScheme',
  'thinkTag',
  'extraBody',
  'prices',
];

/** Problems of a `parameters` object; for unknown names the known ones are listed. */
export function parameterProblems(value: unknown, field = 'parameters'): FieldProblem[] {
  if (!isJsonObject(value)) return [{ field, message: `${field} must be an object` }];
  const known: readonly string[] = KNOWN;
  const unknown = Object.keys(value)
    .filter((name) => !known.includes(name))
    .map((name) => ({ field: `${field}.${name}`, message: `is not a parameter; known are ${KNOWN.join(', ')}` }));

  return [...unknown, ...problemsOf(validateSync(plainToInstance(ModelParametersDto, value)), field)];
}

function problemsOf(errors: readonly ValidationError[], field: string): FieldProblem[] {
  return errors.flatMap(({ property, constraints = {}, children = [] }) => [
    ...Object.values(constraints).map((message) => ({ field: `${field}.${property}`, message })),
    ...problemsOf(children, `${field}.${property}`),
  ]);
}

const MAX_HEADERS = 20;
const MAX_HEADER_LENGTH = 4000;
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
/** They belong to the connection, not to the user. */
const RESERVED_HEADERS = new Set(['host', 'content-length', 'transfer-encoding', 'connection', 'content-type']);

/** Problems of a `headers` object: names to texts that can be sent as HTTP headers. */
export function headerProblems(value: unknown, field = 'headers'): FieldProblem[] {
  if (!isJsonObject(value)) return [{ field, message: `${field} must be an object` }];
  const entries = Object.entries(value);
  const tooMany =
    entries.length > MAX_HEADERS ? [{ field, message: `${field} may hold at most ${MAX_HEADERS} headers` }] : [];

  return [
    ...tooMany,
    ...entries.flatMap(([name, text]) => {
      const message = headerProblem(name, text);

      return message ? [{ field: `${field}.${name}`, message }] : [];
    }),
  ];
}

function headerProblem(name: string, text: unknown): string | null {
  if (!HEADER_NAME.test(name)) return 'is not a valid HTTP header name';
  if (RESERVED_HEADERS.has(name.toLowerCase())) return 'is set by the server itself';
  if (typeof text !== 'string') return 'must be a text';
  if (text.length > MAX_HEADER_LENGTH) return `must not be longer than ${MAX_HEADER_LENGTH} characters`;

  return HEADER_VALUE.test(text) ? null : 'must not hold line breaks, control characters or non-Latin letters';
}

/** Why an address cannot be a provider's base URL, or null. */
export function baseUrlProblem(text: string): string | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || !/^https?:$/.test(url.protocol)) return 'must be an http:// or https:// URL';
  if (url.username || url.password) return 'must not hold credentials: use the API key or headers';
  if (url.hash) return 'must not hold a fragment (#)';
  const secret = [...url.searchParams.keys()].find(isSecretName);

  return secret === undefined ? null : `must not hold the secret ${secret} in its query: use the API key or headers`;
}
