/** Finds the choices of chunks that are not like OpenAI's. */
import { asObject, asText, isJsonObject, type JsonObject } from '../../../common/text/json.js';

/** Objects in which gateways wrap a chunk. `output` is DashScope's. */
const WRAPPERS = ['data', 'result', 'output', 'response', 'body'];
/** Fields of a chunk that is a choice itself: Ollama's, Cohere's, and those of plain relays. */
const OWN_TEXT = [
  'delta',
  'message',
  'content',
  'text',
  'response',
  'output_text',
  'generated_text',
  'answer',
  'refusal',
];
/** Fields of chunks without any part of the answer. */
const EMPTY =
  /^(?:id|object|created\w*|model|system_fingerprint|service_tier|choices|usage|obfuscation|provider|type|index|seq\w*|event|status|request_id|prompt_filter_results|x_groq|citations|search_results|web_search|timings|base_resp|error\w*|code|message|msg|sid|nonce|.*[uU]sage.*)$/;

/** The choices of a chunk. */
export interface OtherChunk {
  choices: JsonObject[];
  /** Whether nothing of it is a part of the answer. */
  isEmpty: boolean;
}

/** Returns the choices of a chunk in any known shape. */
export function chunkOf(chunk: JsonObject, depth = 0): OtherChunk {
  const choices = listOf(chunk['choices']) ?? listOf(chunk['candidates']);
  if (choices && choices.length > 0) return { choices, isEmpty: false };
  const typed = responsesEvent(chunk);
  if (typed) return typed;
  for (const name of WRAPPERS) {
    const inner = asObject(chunk[name]);
    const found = inner && depth < 2 ? chunkOf(inner, depth + 1) : undefined;
    if (found && found.choices.length > 0) return found;
  }

  const own = choiceOf(chunk);
  if (own) return { choices: [own], isEmpty: false };

  return { choices: [], isEmpty: Object.entries(chunk).every(([name, value]) => EMPTY.test(name) || !isLoaded(value)) };
}

function listOf(value: unknown): JsonObject[] | undefined {
  if (Array.isArray(value)) return value.filter(isJsonObject);

  return isJsonObject(value) ? [value] : undefined;
}

/** A chunk that is a choice itself. Gemini's `promptFeedback` names the reason why there is none. */
function choiceOf(chunk: JsonObject): JsonObject | undefined {
  const blocked = asText(asObject(chunk['promptFeedback'])?.['blockReason']);
  if (blocked !== undefined) return { finish_reason: 'content_filter' };
  const hasText = OWN_TEXT.some((name) => isLoaded(chunk[name]) && (name !== 'message' || isJsonObject(chunk[name])));

  if (!hasText && chunk['done'] !== true && asText(chunk['finish_reason']) === undefined) return undefined;
  const { message, ...rest } = chunk;

  // Ollama's message is a piece of the answer.
  return typeof chunk['done'] === 'boolean' && isJsonObject(message) ? { ...rest, delta: message } : chunk;
}

/** Events of OpenAI's newer Responses API, which some gateways send to callers of the older one. */
function responsesEvent(chunk: JsonObject): OtherChunk | undefined {
  const type = asText(chunk['type']) ?? '';
  if (!type.startsWith('response.')) return undefined;
  const text = asText(chunk['delta']);
  const end = { choices: [{ finish_reason: reasonOf(asObject(chunk['response'])) }], isEmpty: false };
  if (/^response\.(?:completed|incomplete)$/.test(type)) return end;
  if (text === undefined || !type.endsWith('.delta')) return { choices: [], isEmpty: true };
  if (type.includes('reasoning')) return { choices: [{ delta: { reasoning: text } }], isEmpty: false };

  return { choices: type.includes('text') ? [{ delta: { content: text } }] : [], isEmpty: true };
}

function reasonOf(response: JsonObject | undefined): string {
  return asText(asObject(response?.['incomplete_details'])?.['reason']) ?? 'stop';
}

const isLoaded = (value: unknown): boolean =>
  typeof value === 'string'
    ? value !== ''
    : typeof value === 'object' && value !== null && Object.keys(value).length > 0;
