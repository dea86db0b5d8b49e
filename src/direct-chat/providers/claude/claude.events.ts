/** Maps the events of Anthropic's Messages API, in the dialects of compatible gateways. */
import type { FinishReason } from '../../../common/contracts/chat-event.js';
import type { ModelParameters } from '../../../common/contracts/chat-provider.js';
import { asObject, asText, type JsonObject } from '../../../common/text/json.js';
import type { EventBatch } from '../../../infra/provider-stream/event-batch.js';
import type { Added } from '../dialects/answer-builder.js';
import { isErrorName, isFailure } from '../dialects/failed-reply.js';
import { contentOf, type MessageParts, partsOf } from '../dialects/message-parts.js';
import { ReplyMapper, type ShapeReport } from '../dialects/reply-mapper.js';
import type { ErrorSource } from '../error-mapping.js';

const NOTHING: Added = { answer: false, reasoning: false };
/** Fields of a `message_delta` and a `message_stop` that hold no text. */
const KNOWN_EVENTS = new Set(['content_block_stop', 'ping', 'keepalive', 'heartbeat']);

/** Text with which a block began, until it is known whether its deltas repeat it. */
interface Opening {
  parts: MessageParts;
  text: string;
  /** What its deltas have told; null before the first one. */
  told: string | null;
}

/**
 * Order on the wire: `message_start`, blocks of `content_block_start/_delta/_stop`, `message_delta`s, `message_stop`;
 * `ping` anywhere, `error` in place of the rest. Anthropic's versioning page promises new event types inside one API
 * version, so whatever is unknown is ignored. An end without `message_stop` is whole when a `stop_reason` was seen.
 */
export class ClaudeEvents extends ReplyMapper {
  private opening: Opening | null = null;
  private explanation: string | undefined;

  constructor(source: ErrorSource, thinkTag: ModelParameters['thinkTag'] = 'auto', report?: ShapeReport) {
    super(source, thinkTag, report);
  }

  protected onObject(data: JsonObject, name: string | undefined, batch: EventBatch): void {
    // Some gateways omit the event's name; its data repeats it.
    const type = asText(data['type']) ?? name;
    if (type !== 'content_block_delta') return this.onOtherEvent(type, data, name, batch);
    const delta = asObject(data['delta']);
    const text = delta?.['type'] === 'text_delta' ? delta['text'] : undefined;
    if (typeof text === 'string' && !this.opening) {
      this.answer.text(text, batch);
      this.onText();
    } else if (delta) {
      this.onDelta(delta, batch);
    }
  }

  protected onWhole(reply: JsonObject, batch: EventBatch): void {
    if (!Array.isArray(reply['content']) && reply['type'] !== 'message') return this.onObject(reply, undefined, batch);
    if (isFailure(reply, true)) throw this.failure(reply);
    this.isAnswer = true;
    this.addParts(contentOf(reply['content']), batch);
    this.onMessageDelta({ delta: reply, usage: reply['usage'] });
  }

  override flush(batch: EventBatch): void {
    this.flushOpening(batch);
    super.flush(batch);
  }

  protected override onFinish(reason: FinishReason, batch: EventBatch): void {
    this.flushOpening(batch);
    // A refusal is a success on the wire, often without text: its explanation replaces the empty answer.
    if (reason === 'refusal' && !this.answer.hasAnswer && this.explanation) this.answer.text(this.explanation, batch);
  }

  private onOtherEvent(type: string | undefined, data: JsonObject, name: string | undefined, batch: EventBatch): void {
    if (isErrorName(name) || isFailure(data, true)) throw this.failure(data);
    if (type !== undefined && KNOWN_EVENTS.has(type) && type !== 'content_block_stop') return;
    this.flushOpening(batch);
    switch (type) {
      case 'content_block_start':
        this.isAnswer = true;

        return this.open(contentOf(data['content_block']));
      case 'message_start':
        return this.onMessage(asObject(data['message']));
      case 'message_delta':
        return this.onMessageDelta(data);
      case 'message_stop':
        this.onCounts(data);

        return this.finish(batch);
      case 'message':
        return this.onWholeMessage(data, batch);
      default:
        return this.onUnknown(type, data, batch);
    }
  }

  private onDelta(delta: JsonObject, batch: EventBatch): void {
    const parts = partsOf(delta);
    if (parts.unknown.length > 0) this.reportShape('delta', delta);
    const piece = parts.content || (parts.reasoning[0] ?? '');
    if (this.opening && piece !== '') this.compareOpening(this.opening, piece, batch);
    this.addParts(parts, batch);
  }

  /** Remembers the text of a block's start: normally none, or none that its deltas repeat. */
  private open(parts: MessageParts): void {
    const text = parts.content || (parts.reasoning[0] ?? '');
    if (text !== '' || parts.sources.length > 0 || parts.files.length > 0) this.opening = { parts, text, told: null };
  }

  private compareOpening(opening: Opening, piece: string, batch: EventBatch): void {
    const told = (opening.told ?? '') + piece;
    const isRepeated = opening.text.startsWith(told) || told.startsWith(opening.text);
    if (opening.told === null && !isRepeated) return this.flushOpening(batch);
    opening.told = told;
    if (told.length >= opening.text.length) this.opening = null;
  }

  /** Adds the text of a block's start as far as no delta has told it. */
  private flushOpening(batch: EventBatch): void {
    const { opening } = this;
    this.opening = null;
    if (!opening) return;
    const { parts, text, told } = opening;
    if (told === null) this.addParts(parts, batch);
    else if (text.startsWith(told) && parts.content !== '') this.answer.text(text.slice(told.length), batch);
  }

  private addParts(parts: MessageParts, batch: EventBatch): void {
    const { answer, reasoning } = this.answer.parts(parts, batch);
    if (answer || reasoning) this.onText();
  }

  private onMessage(message: JsonObject | undefined): void {
    if (!message) return;
    this.answer.usage.add(message['usage']);
    this.open(contentOf(message['content']));
  }

  private onMessageDelta(data: JsonObject): void {
    const delta = asObject(data['delta']);
    this.explanation = asText(asObject(delta?.['stop_details'])?.['explanation']) ?? this.explanation;
    this.onCounts(data);
    this.onParts(NOTHING, delta?.['stop_reason'] ?? delta?.['finish_reason']);
  }

  /** A whole message within a stream repeats what was told, or is all that comes. */
  private onWholeMessage(message: JsonObject, batch: EventBatch): void {
    const { content, reasoning, ...parts } = contentOf(message['content']);
    this.isAnswer = true;
    this.answer.reasoning(reasoning, batch, true);
    if (content !== '' && !this.answer.wholeText(content, batch)) this.reportShape('message unlike its deltas', '');
    this.answer.parts({ ...parts, content: '', reasoning: [] }, batch);
    this.onMessageDelta({ delta: message, usage: message['usage'] });
  }

  private onUnknown(type: string | undefined, data: JsonObject, batch: EventBatch): void {
    if (isFailure(data, false)) throw this.failure(data);
    if (Array.isArray(data['choices'])) {
      throw this.protocolError('chunks of the OpenAI API; set the provider of the model to openai');
    }
    // The API before the one of messages.
    if (typeof data['completion'] === 'string') {
      this.addParts(contentOf(data['completion']), batch);
      this.onParts(NOTHING, data['stop_reason']);
    } else if (partsOf(data).content !== '' || partsOf(data).unknown.length > 0) {
      this.reportShape(`event ${type ?? 'without a type'}`, data);
    }
  }

  private onCounts(holder: JsonObject): void {
    if (this.answer.usage.find(holder)) this.onUsage();
  }
}
