/** Maps the chunks of OpenAI's Chat Completions API, in the dialects of compatible servers. */
import type { EventSourceMessage } from 'eventsource-parser';
import { AppError } from '../../common/app-error.js';
import type { FinishReason, Usage } from '../../common/chat-event.js';
import type { ModelParameters } from '../../common/chat-provider.js';
import { type AnswerMapper, type EventBatch, toUsage } from '../../infra/provider-stream/event-batch.js';
import { asNumber, asObject, asText, parseJson, type JsonObject } from '../../common/json.js';
import { ProviderError } from '../../infra/provider-stream/provider-error.js';
import { errorFromPayload, type ErrorSource } from './error-mapping.js';
import { ThinkTags } from '../../infra/provider-stream/thinking/think-tags.js';

/** `finish_reason` of the API reference; values of compatibles that are not here mean an ordinary end. */
const FINISH_REASONS = new Map<string, FinishReason>([
  ['length', 'length'],
  ['content_filter', 'content_filter'],
  ['tool_calls', 'tool_calls'],
  ['function_call', 'tool_calls'],
]);
/** OpenRouter's, DeepSeek's and vLLM's ways to say that no answer came about. */
const FAILED_REASONS = new Set(['error', 'insufficient_system_resource', 'abort']);

/**
 * Chunks without names, ended by `[DONE]`, which some servers never send: an answer is whole when a `finish_reason`
 * was seen, or `[DONE]` after at least one choice. An error may stand in any chunk, and `[DONE]` may follow it.
 */
export class OpenaiEvents implements AnswerMapper {
  started = false;
  finished = false;
  private hasChoice = false;
  private refused = false;
  private finishReason = '';
  private usage: JsonObject | undefined;
  private readonly tags: ThinkTags;

  constructor(
    private readonly source: ErrorSource,
    thinkTag: ModelParameters['thinkTag'] = 'auto',
  ) {
    this.tags = new ThinkTags(thinkTag);
  }

  push(event: EventSourceMessage, batch: EventBatch): void {
    if (this.finished) return;
    const data = event.data.trim();
    if (data.startsWith('[DONE]')) return this.onDone(batch);
    const chunk = parseJson(data);
    if (event.event === 'error') throw errorFromPayload(asObject(chunk) ?? { message: data }, this.source);
    if (chunk === undefined && data !== '') throw this.protocolError('data that is not JSON');
    this.onChunk(asObject(chunk), batch);
  }

  pushWhole(reply: unknown, batch: EventBatch): void {
    this.onChunk(asObject(reply), batch);
    if (!this.hasChoice) throw this.protocolError('a JSON reply without choices');
    this.finish(batch);
  }

  end(batch: EventBatch): void {
    if (this.finished) return;
    if (this.finishReason === '') throw this.truncated();
    this.finish(batch);
  }

  private onDone(batch: EventBatch): void {
    if (!this.hasChoice && this.finishReason === '') throw this.truncated();
    this.finish(batch);
  }

  private onChunk(chunk: JsonObject | undefined, batch: EventBatch): void {
    if (!chunk) return;
    this.started = true;
    if (chunk['error'] || chunk['object'] === 'error') throw errorFromPayload(chunk, this.source);
    // Some servers send it in every chunk, cumulatively: the newest wins.
    this.usage = asObject(chunk['usage']) ?? this.usage;
    // Empty in usage chunks and in Azure's first one.
    const choices = chunk['choices'];
    if (Array.isArray(choices)) for (const choice of choices as unknown[]) this.onChoice(asObject(choice), batch);
  }

  private onChoice(choice: JsonObject | undefined, batch: EventBatch): void {
    if (!choice || (asNumber(choice['index']) ?? 0) !== 0) return;
    this.hasChoice = true;
    if (this.finishReason !== '') return;
    this.onDelta(asObject(choice['delta']) ?? asObject(choice['message']), batch);
    const reason = asText(choice['finish_reason']);
    if (reason === undefined) return;
    if (FAILED_REASONS.has(reason)) throw this.failed(reason);
    this.finishReason = reason;
  }

  private onDelta(delta: JsonObject | undefined, batch: EventBatch): void {
    if (!delta) return;
    // DeepSeek's name and OpenRouter's; a server that sends both means the same text.
    const reasoning = asText(delta['reasoning_content']) ?? asText(delta['reasoning']);
    if (reasoning !== undefined) batch.reasoning(reasoning);
    const content = asText(delta['content']);
    if (content !== undefined) this.tags.push(content, batch);
    const refusal = asText(delta['refusal']);
    if (refusal === undefined) return;
    this.refused = true;
    batch.content(refusal);
  }

  private finish(batch: EventBatch): void {
    this.finished = true;
    this.tags.end(batch);
    const usage = readUsage(this.usage);
    if (usage) batch.usage(usage);
    const reason = FINISH_REASONS.get(this.finishReason) ?? 'stop';
    batch.add({ type: 'finish', finish_reason: this.refused && reason === 'stop' ? 'refusal' : reason });
  }

  private failed(reason: string): AppError {
    if (reason === 'abort') return this.truncated();
    const code = reason === 'error' ? 'provider_unavailable' : 'provider_overloaded';
    return new ProviderError(code, `${this.source.host} gave up the answer (${reason})`, { retryable: true }, {});
  }

  private truncated(): AppError {
    const message = `${this.source.host} ended the stream before the answer was complete`;
    return new AppError('provider_truncated', message, { retryable: true });
  }

  private protocolError(what: string): AppError {
    return new AppError('provider_protocol', `${this.source.host} sent ${what}`);
  }
}

/** Cached prompt tokens under DeepSeek's name, too. `cost` is OpenRouter's. */
function readUsage(usage: JsonObject = {}): Usage | undefined {
  const cached = asNumber(asObject(usage['prompt_tokens_details'])?.['cached_tokens']);
  return toUsage({
    input: asNumber(usage['prompt_tokens']),
    output: asNumber(usage['completion_tokens']),
    total: asNumber(usage['total_tokens']),
    reasoning: asNumber(asObject(usage['completion_tokens_details'])?.['reasoning_tokens']),
    cached: cached ?? asNumber(usage['prompt_cache_hit_tokens']),
    cost: asNumber(usage['cost']),
  });
}
