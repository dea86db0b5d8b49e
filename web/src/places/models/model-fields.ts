import type { Model } from '../../api/catalog';
import type { Schemas } from '../../api/client';

type CreateModel = Schemas['CreateModelDto'];
type TestConnection = Schemas['TestConnectionDto'];

/** Prices of a million tokens; see `parameters.prices` of a model. */
export interface ModelPrices {
  input: number;
  output: number;
  cached?: number;
  currency: string;
}

/** What the dialog of a model holds; empty texts stand for what is not set. */
export interface ModelFields {
  name: string;
  displayName: string;
  provider: 'claude' | 'openai';
  baseUrl: string;
  modelId: string;
  /** Empty: the stored one stays. */
  apiKey: string;
  maxTokens: number | '';
  temperature: number | '';
  contextWindow: number | '';
  systemPrompt: string;
  reasoningEffort: string;
  headers: readonly HeaderField[];
  priceInput: number | '';
  priceOutput: number | '';
  priceCached: number | '';
  currency: string;
  /** All other parameters, as JSON. */
  more: string;
}

export interface HeaderField {
  name: string;
  value: string;
}

const OWN_FIELDS = ['maxTokens', 'temperature', 'contextWindow', 'systemPrompt', 'reasoningEffort', 'prices'];

const NEW_MODEL: ModelFields = {
  name: '',
  displayName: '',
  provider: 'openai',
  baseUrl: '',
  modelId: '',
  apiKey: '',
  maxTokens: '',
  temperature: '',
  contextWindow: '',
  systemPrompt: '',
  reasoningEffort: '',
  headers: [],
  priceInput: '',
  priceOutput: '',
  priceCached: '',
  currency: 'USD',
  more: '',
};

export function fieldsOf(model: Model | null): ModelFields {
  if (model === null) return NEW_MODEL;
  const { name, displayName, provider, baseUrl, modelId, headers } = model;
  const parameters: Record<string, unknown> = model.parameters;
  const { maxTokens, temperature, contextWindow, systemPrompt, reasoningEffort } = model.parameters;
  const prices = parameters['prices'] as ModelPrices | undefined;
  const more = Object.fromEntries(Object.entries(parameters).filter(([key]) => !OWN_FIELDS.includes(key)));
  const known = {
    ...{ name, displayName, provider, baseUrl, modelId },
    ...{ maxTokens, temperature, contextWindow, systemPrompt, reasoningEffort },
    ...(prices && {
      priceInput: prices.input,
      priceOutput: prices.output,
      priceCached: prices.cached,
      currency: prices.currency,
    }),
  };

  return {
    ...NEW_MODEL,
    ...withoutNull(known),
    headers: Object.entries(headers).map(([header, value]) => ({ name: header, value })),
    more: Object.keys(more).length > 0 ? JSON.stringify(more, null, 2) : '',
  };
}

/** What is missing or null keeps the value of a new model. */
const withoutNull = (values: object): Partial<ModelFields> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null && value !== undefined));

/** The body of POST and PUT. @throws SyntaxError when the other parameters are no JSON object */
export function requestOf(fields: ModelFields): CreateModel {
  return {
    name: fields.name.trim(),
    displayName: orNull(fields.displayName),
    provider: fields.provider,
    modelId: fields.modelId.trim(),
    baseUrl: orNull(fields.baseUrl),
    ...(fields.apiKey !== '' && { apiKey: fields.apiKey }),
    headers: headersOf(fields),
    parameters: parametersOf(fields),
  };
}

/** The body of a connection test, for what stands in the dialog now. */
export function testOf(fields: ModelFields): TestConnection {
  return {
    provider_type: fields.provider,
    model_id: fields.modelId.trim(),
    api_key: fields.apiKey,
    base_url: orNull(fields.baseUrl),
    headers: headersOf(fields),
    parameters: parametersOf(fields),
  };
}

function parametersOf(fields: ModelFields): Record<string, unknown> {
  const { maxTokens, temperature, contextWindow, systemPrompt, reasoningEffort } = fields;
  const prices = pricesOf(fields);
  const own = { maxTokens, temperature, contextWindow, systemPrompt, reasoningEffort };

  return { ...objectOf(fields.more), ...withoutBlank(own), ...(prices && { prices }) };
}

function pricesOf({ priceInput, priceOutput, priceCached, currency }: ModelFields): ModelPrices | null {
  if (priceInput === '' && priceOutput === '') return null;

  return {
    input: priceInput === '' ? 0 : priceInput,
    output: priceOutput === '' ? 0 : priceOutput,
    ...(priceCached !== '' && { cached: priceCached }),
    currency: currency.trim().toUpperCase(),
  };
}

const headersOf = ({ headers }: ModelFields) =>
  Object.fromEntries(headers.filter(({ name }) => name.trim() !== '').map(({ name, value }) => [name.trim(), value]));

const withoutBlank = (values: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ''));

const orNull = (text: string) => (text.trim() === '' ? null : text.trim());

/** Whether a text is empty or an object in JSON. */
export function isObjectText(text: string): boolean {
  try {
    objectOf(text);

    return true;
  } catch {
    return false;
  }
}

/** An object in JSON; empty for an empty text. @throws SyntaxError */
export function objectOf(text: string): Record<string, unknown> {
  if (text.trim() === '') return {};
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new SyntaxError('not an object');

  return value as Record<string, unknown>;
}
