/** Maps outputs, files, sources and usage of Dify's replies, and truncates long values. Pure. */
import type { AnswerFile, Source, Usage } from '../../common/contracts/chat-event.js';
import { asNumber, asObject, asText, type JsonObject, parseJson } from '../../common/text/json.js';
import { cut } from '../../common/text/detail.js';
import { toUsage } from '../../infra/provider-stream/event-batch.js';

/** Names under which workflows give their answer, most telling first. */
const ANSWER_NAMES = ['text', 'answer', 'result', 'output'];
const MAX_SOURCES = 100;

/** The answer of a workflow that streamed no text; null when its outputs are empty. */
export function textOfOutputs(outputs: unknown): string | null {
  const values = asObject(typeof outputs === 'string' ? parseJson(outputs) : outputs);
  if (!values) return null;
  for (const name of ANSWER_NAMES) if (typeof values[name] === 'string') return values[name];
  const all = Object.values(values);
  const [only] = all;
  if (all.length === 1 && typeof only === 'string') return only;

  return all.length === 0 ? null : JSON.stringify(values, null, 2);
}

/** A file of an answer; undefined when it has no address. Addresses of Dify's own host are relative. */
export function fileOf(value: unknown, baseUrl: string): AnswerFile | undefined {
  const file = asObject(value);
  const address = firstText(file, 'url', 'remote_url');
  if (!file || address === undefined) return undefined;
  const url = absolute(address, baseUrl);
  const name = firstText(file, 'filename', 'name');
  const mimeType = asText(file['mime_type']);

  return {
    id: firstText(file, 'related_id', 'id', 'upload_file_id') ?? url,
    kind: asText(file['type']) ?? 'custom',
    ...(name !== undefined && { name }),
    ...(mimeType !== undefined && { mime_type: mimeType }),
    url,
  };
}

/** The passages of `retriever_resources`. */
export function sourcesOf(value: unknown): Source[] {
  if (!Array.isArray(value)) return [];

  return value.slice(0, MAX_SOURCES).flatMap((item) => {
    const resource = asObject(item);

    return resource ? [sourceOf(resource)] : [];
  });
}

/** `usage` of a message's metadata. Prices are texts there. */
export function usageOf(value: unknown): Usage | undefined {
  const usage = asObject(value);
  if (!usage) return undefined;

  return toUsage({
    input: asNumber(usage['prompt_tokens']),
    output: asNumber(usage['completion_tokens']),
    total: asNumber(usage['total_tokens']),
    cost: priceOf(usage['total_price']),
    currency: asText(usage['currency']),
  });
}

/** Adds up the usage of several models. Costs in another currency than the first are ignored. */
export function addUsage(sum: Usage | undefined, more: Usage): Usage {
  if (!sum) return more;
  const sameMoney = more.cost !== undefined && (sum.currency === undefined || sum.currency === more.currency);
  const currency = sum.currency ?? more.currency;

  return {
    input_tokens: sum.input_tokens + more.input_tokens,
    output_tokens: sum.output_tokens + more.output_tokens,
    total_tokens: sum.total_tokens + more.total_tokens,
    ...((sum.cost !== undefined || sameMoney) && { cost: (sum.cost ?? 0) + (sameMoney ? (more.cost ?? 0) : 0) }),
    ...(currency !== undefined && { currency }),
  };
}

function firstText(object: JsonObject | undefined, ...names: string[]): string | undefined {
  for (const name of names) {
    const text = asText(object?.[name]);
    if (text !== undefined) return text;
  }

  return undefined;
}

function priceOf(value: unknown): number | undefined {
  const price = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;

  return asNumber(price);
}

function sourceOf(resource: JsonObject): Source {
  const document = asText(resource['document_name']);
  const dataset = asText(resource['dataset_name']);
  const url = asText(resource['url']) ?? asText(asObject(resource['doc_metadata'])?.['url']);
  const content = asText(resource['content']);
  const score = asNumber(resource['score']);
  const position = asNumber(resource['position']);

  return {
    title: asText(resource['title']) ?? document ?? dataset ?? 'Source',
    ...(url !== undefined && { url }),
    ...(content !== undefined && { content: cut(content) }),
    ...(score !== undefined && { score }),
    ...(document !== undefined && { document }),
    ...(dataset !== undefined && { dataset }),
    ...(position !== undefined && { position }),
  };
}

function absolute(address: string, baseUrl: string): string {
  return URL.canParse(address, baseUrl) ? new URL(address, baseUrl).href : address;
}
