/** What the specs of this folder share. */
import { readFileSync } from 'node:fs';
import type { EventSourceMessage } from 'eventsource-parser';
import type { ProviderEvent } from '../../common/chat-event.js';
import type { ChatRequest, ModelRequest, ModelSettings } from '../../common/chat-provider.js';
import { type AnswerMapper, EventBatch } from '../../infra/provider-stream/event-batch.js';
import type { ErrorSource } from './error-mapping.js';
import { SseReader } from '../../infra/provider-stream/sse-reader.js';

export const CLAUDE_SOURCE: ErrorSource = { provider: 'claude', host: 'claude.test', secrets: ['my-own-key-1234'] };
export const OPENAI_SOURCE: ErrorSource = { provider: 'openai', host: 'openai.test', secrets: ['my-own-key-1234'] };

export function fixture(name: string): Buffer {
  return readFileSync(new URL(`./__fixtures__/${name}.sse`, import.meta.url));
}

export function modelSettings(settings: Partial<ModelSettings> = {}): ModelSettings {
  const base = {
    name: 'm',
    provider: 'claude',
    modelId: 'claude-x',
    baseUrl: null,
    apiKey: 'my-own-key-1234',
  } as const;
  return { ...base, headers: {}, parameters: {}, ...settings };
}

export function chatRequest(
  settings: Partial<ModelSettings> = {},
  turn: Partial<Omit<ChatRequest, 'model'>> = {},
): ModelRequest {
  const messages = [{ role: 'user', content: 'Hi' }] as const;
  return { taskId: 1, subtaskId: 2, endUser: 'u-7', model: modelSettings(settings), system: '', messages, ...turn };
}

/** Runs a body through reader and mapper; each chunk is one network read. */
export function replay(mapper: AnswerMapper, chunks: Iterable<Uint8Array | string>): ProviderEvent[] {
  const batch = new EventBatch();
  const reader = new SseReader((event) => mapper.push(event, batch));
  for (const chunk of chunks) reader.feed(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
  reader.end();
  mapper.end(batch);
  return batch.drain();
}

/** Events of a stream in short: the deltas' texts joined, the rest as it is. */
export function summary(events: readonly ProviderEvent[]) {
  const text = (type: string) =>
    events.map((event) => (event.type === type && 'content' in event ? event.content : '')).join('');
  const rest = events.filter(({ type }) => type !== 'content' && type !== 'reasoning');
  return { content: text('content'), reasoning: text('reasoning'), rest };
}

export const dataLines = (...data: unknown[]): string =>
  data.map((json) => `data: ${JSON.stringify(json)}\n\n`).join('');

export const message = (data: unknown, event?: string): EventSourceMessage => ({ event, data: JSON.stringify(data) });
