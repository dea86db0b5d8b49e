/** Reads what a delta, a message or a content block holds, in the shapes in which providers send it. */
import { asObject, asText, type JsonObject } from '../../../common/text/json.js';
import { fileOf, type ImageFile } from './message-files.js';
import { addSources } from './message-sources.js';
import type { Source } from '../../../common/contracts/chat-event.js';

/** The parts of a message. */
export interface MessageParts {
  content: string;
  refusal: string;
  /** The reasoning, once under each name that it has. */
  reasoning: string[];
  files: ImageFile[];
  sources: Source[];
  /** Names of fields that hold text and are not known. */
  unknown: string[];
}

/** Names of the answer's text; the first that is not empty counts. */
const TEXTS = ['content', 'text', 'parts', 'output_text', 'answer', 'response', 'generated_text', 'output', 'value'];
const REASONING = /reason|think|thought|monologue|^analysis$|(?:^|_)cot(?:$|_)/i;
/** Known, and no part of the answer. */
const SILENT = [
  /^(?:role|name|id|type|index|object|model|status|created\w*|tool_calls?|function_call|caller|input|partial_json)$/,
  /^(?:encrypted|redacted|stop|finish|mime)\w*$|^(?:\w*signature|\w+_reason|\w+Reason|thoughtSignature)$/,
  /^(?:reference|logprobs?|token_ids?|obfuscation|partial|prefix|format|data|weight|media_type|cache_control)$/,
  /^(?:reasoning|thinking)_(?:id|type|status|format|effort|tokens|opaque|time|level|mode|state)$/,
  /^(?:system_fingerprint|extra_content|refusal_details)$/,
];
const SOURCES = /^(?:annotations|citations?|search_results|sources|references|documents|grounding\w*|web_search\w*)$/i;
const IMAGES = /^(?:images?|image_urls?|inline_?data|b64_json)$/i;
/** Fields whose object holds more fields of the message. `context` is Azure's for its own data. */
const MORE = new Set(['provider_specific_fields', 'additional_kwargs', 'context', 'model_extra']);
const MAX_DEPTH = 6;

/** Reads the parts of a delta or message. */
export function partsOf(message: JsonObject): MessageParts {
  const parts = noParts();
  readFields(message, parts, 0);

  return parts;
}

/** Reads content: a text, a list of parts, or one part. */
export function contentOf(value: unknown): MessageParts {
  const parts = noParts();
  readContent(value, parts, 0);

  return parts;
}

function noParts(): MessageParts {
  return { content: '', refusal: '', reasoning: [], files: [], sources: [], unknown: [] };
}

function readFields(message: JsonObject, parts: MessageParts, depth: number): void {
  if (depth > MAX_DEPTH) return;
  const textName = TEXTS.find((name) => hasText(message[name]));
  if (textName !== undefined) readContent(message[textName], parts, depth + 1);
  for (const [name, value] of Object.entries(message)) {
    if (value !== null && !TEXTS.includes(name)) readField(name, value, parts, depth);
  }
}

function readField(name: string, value: unknown, parts: MessageParts, depth: number): void {
  if (SILENT.some((pattern) => pattern.test(name))) return;
  if (name === 'refusal') parts.refusal += textOf(value);
  else if (SOURCES.test(name)) addSources(value, parts.sources);
  else if (IMAGES.test(name)) addFiles({ [name]: value }, value, parts);
  else if (name === 'audio') parts.content += textOf(asObject(value)?.['transcript']);
  else if (MORE.has(name)) readFields(asObject(value) ?? {}, parts, depth + 1);
  else if (REASONING.test(name)) addReasoning(textOf(value), parts);
  else if (hasText(value)) parts.unknown.push(name);
}

function readContent(value: unknown, parts: MessageParts, depth: number): void {
  if (typeof value === 'string') parts.content += value;
  else if (depth > MAX_DEPTH) parts.unknown.push('content');
  else if (Array.isArray(value)) for (const each of value as unknown[]) readContent(each, parts, depth + 1);
  else readBlock(asObject(value), parts, depth);
}

/** Reads one part of a content; the blocks of Claude's messages are the same. */
function readBlock(block: JsonObject | undefined, parts: MessageParts, depth: number): void {
  if (!block) return;
  const type = asText(block['type']) ?? '';
  if (REASONING.test(type) || block['thought'] === true) {
    const { signature: _signature, type: _type, ...texts } = block;

    return addReasoning(textOf(texts), parts, true);
  }
  const file = fileOf(block);
  if (file) parts.files.push(file);
  else if (/tool_result$|search_result/.test(type)) addSources(block['content'] ?? block, parts.sources);
  else if (!/tool|function/.test(type)) readFields(block, parts, depth + 1);
}

function addFiles(holder: JsonObject, value: unknown, parts: MessageParts): void {
  for (const each of Array.isArray(value) ? (value as unknown[]) : [holder]) {
    const file = fileOf(asObject(each) ?? { image: each });
    if (file) parts.files.push(file);
  }
}

/** @param joins whether the text continues the one before it, as the parts of one list do */
function addReasoning(text: string, parts: MessageParts, joins = false): void {
  if (text === '') return;
  const before = joins ? (parts.reasoning.pop() ?? '') : '';
  parts.reasoning.push(before + text);
}

/** The text within a value: of a list all texts, of an object that of its first field with text. */
function textOf(value: unknown, depth = 0): string {
  if (typeof value === 'string') return value;
  if (depth > MAX_DEPTH || typeof value !== 'object' || value === null) return '';
  if (Array.isArray(value)) return value.map((each) => textOf(each, depth + 1)).join('');
  const object = value as JsonObject;
  const names = [
    'text',
    'content',
    'thinking',
    'reasoning',
    'summary',
    'reasoning_content',
    'value',
    'parts',
    'thought',
  ];

  return names.map((name) => textOf(object[name], depth + 1)).find((text) => text !== '') ?? '';
}

function hasText(value: unknown, depth = 0): boolean {
  if (typeof value === 'string') return value !== '';
  if (depth > MAX_DEPTH || typeof value !== 'object' || value === null) return false;

  return Object.values(value).some((each) => hasText(each, depth + 1));
}

/** Returns the sources in the fields beside a message or the choices of a chunk. */
export function sourcesBeside(holder: JsonObject): Source[] {
  const sources: Source[] = [];
  for (const [name, value] of Object.entries(holder)) {
    if (value !== null && (SOURCES.test(name) || name === 'search_info')) addSources(value, sources);
  }

  return sources;
}
