/** Maps the events of Anthropic's Messages API. */
import type { EventSourceMessage } from 'eventsource-parser';
import { AppError } from '../../common/app-error.js';
import type { FinishReason, Usage } from '../../common/chat-event.js';
import { type AnswerMapper, type EventBatch, toUsage } from '../../infra/provider-stream/event-batch.js';
import { errorFromPayload, type ErrorSource } from './error-mapping.js';
import { asNumber, asObject, asText, parseJson, type JsonObject } from '../../common/json.js';

/** `stop_reason` of the API reference; new values may come, which mean that the answer ended. */
const FINISH_REASONS = new Map<string, FinishReason>([
  ['max_tokens', 'length'],
  ['tool_use', 'tool_calls'],
  ['pause_turn', 'paused'],
  ['refusal', 'refusal'],
  ['model_context_window_exceeded', 'context_window'],
]);
const USAGE_FIELDS = [
  'input_tokens',
  'output_tokens',
  'cache_creation_input_tokens',
  'cache_read_input_tokens',
] as const;

/**
 * Order on the wire: `message_start`, blocks of `content_block_start/_delta/_stop`, `message_delta`s, `message_stop`;
 * `ping` anywhere, `error` in place of the rest. Anthropic's versioning page promises new event types inside one API
 * version, so whatever is unknown is ignored. An end without `message_stop` is a truncated answer.
 */
export class ClaudeEvents implements AnswerMapper {
  started = false;
  finished = false;
  private hasText = false;
  private stopReason = '';
  private explanation: string | undefined;
  private readonly usage: Partial<Record<(typeof USAGE_FIELDS)[number] | 'thinking_tokens', number>> = {};

  constructor(private readonly source: ErrorSource) {}

  push(event: EventSourceMessage, batch: EventBatch): void {
    if (this.finished || event.event === 'ping') return;
    const parsed = parseJson(event.data);
    const data = asObject(parsed);
    if (!data) return this.pushOther(event, parsed);
    // Some gateways omit the event's name; its data repeats it.
    const type = asText(data['type']) ?? event.event;
    if (type === 'ping') return;
    this.started = true;
    this.handle(type, data, event.event, batch);
  }

  pushWhole(reply: unknown, batch: EventBatch): void {
    this.started = true;
    const message = asObject(reply);
    if (message && isError(asText(message['type']), message)) throw errorFromPayload(message, this.source);
    const blocks = message?.['content'];
    if (!message || !Array.isArray(blocks)) throw this.protocolError('a JSON reply without content');
    for (const block of blocks as unknown[]) this.onBlock(asObject(block), batch);
    this.onMessageDelta({ delta: message, usage: message['usage'] });
    this.finish(batch);
  }

  end(): void {
    if (this.finished) return;
    const message = `${this.source.host} ended the stream before the answer was complete`;
    throw new AppError('provider_truncated', message, { retryable: true });
  }

  private handle(type: string | undefined, data: JsonObject, name: string | undefined, batch: EventBatch): void {
    switch (type) {
      case 'content_block_delta':
        return this.onDelta(asObject(data['delta']), batch);
      case 'content_block_start':
        return this.onBlock(asObject(data['content_block']), batch);
      case 'message_start':
        return this.addUsage(asObject(data['message'])?.['usage']);
      case 'message_delta':
        return this.onMessageDelta(data);
      case 'message_stop':
        return this.finish(batch);
      default:
        if (isError(type, data) || name === 'error') throw errorFromPayload(data, this.source);
    }
  }

  /** Handles data that is no object: ignores `[DONE]` and empty keep-alives of gateways, and refuses malformed JSON. */
  private pushOther(event: EventSourceMessage, parsed: unknown): void {
    const text = event.data.trim();
    if (event.event === 'error') throw errorFromPayload({ message: text }, this.source);
    if (parsed === undefined && text !== '' && !text.startsWith('[DONE]'))
      throw this.protocolError('data that is not JSON');
  }

  private onDelta(delta: JsonObject | undefined, batch: EventBatch): void {
    if (delta?.['type'] === 'text_delta') this.addText(delta['text'], batch);
    else if (delta?.['type'] === 'thinking_delta') addReasoning(delta['thinking'], batch);
  }

  /** Adds the text of a block: normally none at its start, all of it in a reply that is not streamed. */
  private onBlock(block: JsonObject | undefined, batch: EventBatch): void {
    if (block?.['type'] === 'text') this.addText(block['text'], batch);
    else if (block?.['type'] === 'thinking') addReasoning(block['thinking'], batch);
  }

  private addText(value: unknown, batch: EventBatch): void {
    const text = asText(value);
    if (text === undefined) return;
    this.hasText = true;
    batch.content(text);
  }

  private onMessageDelta(data: JsonObject): void {
    const delta = asObject(data['delta']);
    this.stopReason = asText(delta?.['stop_reason']) ?? this.stopReason;
    this.explanation = asText(asObject(delta?.['stop_details'])?.['explanation']) ?? this.explanation;
    this.addUsage(data['usage']);
  }

  /** Counts are cumulative: the newest of each wins, and a missing or null one says nothing. */
  private addUsage(value: unknown): void {
    const usage = asObject(value);
    if (!usage) return;
    for (const field of USAGE_FIELDS) this.usage[field] = asNumber(usage[field]) ?? this.usage[field];
    const details = asObject(usage['output_tokens_details']);
    this.usage.thinking_tokens = asNumber(details?.['thinking_tokens']) ?? this.usage.thinking_tokens;
  }

  private finish(batch: EventBatch): void {
    this.finished = true;
    const reason = FINISH_REASONS.get(this.stopReason) ?? 'stop';
    // A refusal is a success on the wire, often without text: its explanation replaces the empty answer.
    if (reason === 'refusal' && !this.hasText && this.explanation) batch.content(this.explanation);
    const usage = this.totals();
    if (usage) batch.usage(usage);
    batch.add({ type: 'finish', finish_reason: reason });
  }

  /** Anthropic counts cached input apart from `input_tokens`, OpenAI inside of it; users get OpenAI's way for both. */
  private totals(): Usage | undefined {
    const usage = this.usage;
    const cache = (usage.cache_read_input_tokens ?? 0) + (usage.cache_creation_input_tokens ?? 0);
    return toUsage({
      input: usage.input_tokens === undefined ? undefined : usage.input_tokens + cache,
      output: usage.output_tokens,
      reasoning: usage.thinking_tokens,
      cached: usage.cache_read_input_tokens,
    });
  }

  private protocolError(what: string): AppError {
    return new AppError('provider_protocol', `${this.source.host} sent ${what}`);
  }
}

function isError(type: string | undefined, data: JsonObject): boolean {
  return type === 'error' || Boolean(data['error']);
}

function addReasoning(value: unknown, batch: EventBatch): void {
  const text = asText(value);
  if (text !== undefined) batch.reasoning(text);
}
