/** What the specs of this folder share. */
import { readFileSync } from 'node:fs';
import type { EventSourceMessage } from 'eventsource-parser';
import type { ProviderEvent } from '../../common/contracts/chat-event.js';
import type { ChatRequest, ModelRequest, ModelSettings } from '../../common/contracts/chat-provider.js';
import { type AnswerMapper, EventBatch } from '../../infra/provider-stream/event-batch.js';
import type { ErrorSource } from './error-mapping.js';
import { BodyReader } from '../../infra/provider-stream/body/body-reader.js';

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
  const reader = new BodyReader({
    onEvent: (event) => mapper.push(event, batch),
    onWhole: (reply) => mapper.pushWhole(reply, batch),
  });
  for (const chunk of chunks) reader.feed(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
  reader.end();
  if (!mapper.finished) mapper.end(batch);
  return batch.drain();
}

/** Events of a stream in short: the texts as a client has them in the end, the rest as it is. */
export function summary(events: readonly ProviderEvent[]) {
  let [content, reasoning] = ['', ''];
  for (const event of events) {
    if (event.type === 'content') content += event.content;
    else if (event.type === 'reasoning') reasoning += event.content;
    else if (event.type === 'replace') content = event.content;
  }
  const rest = events.filter(({ type }) => type !== 'content' && type !== 'reasoning' && type !== 'replace');
  return { content, reasoning, rest };
}

export const dataLines = (...data: unknown[]): string =>
  data.map((json) => `data: ${JSON.stringify(json)}\n\n`).join('');

export const message = (data: unknown, event?: string): EventSourceMessage => ({ event, data: JSON.stringify(data) });
