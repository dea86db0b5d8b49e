import type { EventSourceMessage } from 'eventsource-parser';
import { AppError, type ErrorCode } from '../../../common/app-error.js';
import type { FinishReason, Usage } from '../../../common/contracts/chat-event.js';
import type { ModelParameters } from '../../../common/contracts/chat-provider.js';
import { isJsonObject, type JsonObject, parseJson } from '../../../common/text/json.js';
import type { AnswerMapper, EventBatch } from '../../../infra/provider-stream/event-batch.js';
import { jsonTextsOf, parseLenient } from '../../../infra/provider-stream/body/lenient-json.js';
import { cleanMessage, ProviderError } from '../../../infra/provider-stream/provider-error.js';
import { isMarkup } from '../../../infra/provider-stream/provider-problem.js';
import { errorFromPayload, type ErrorSource } from '../error-mapping.js';
import { type Added, AnswerBuilder } from './answer-builder.js';
import { codeOfWords } from './error-words.js';
import { isErrorName } from './failed-reply.js';
import { endMarkOf } from './finish-reasons.js';

/** Signs of life inside of data. */
const KEEP_ALIVE = /^(?::|\[?(?:ping|pong|keep-?alive|heart-?beat|comment|processing|waiting)\b)/i;
const ERROR_TEXT = /^\[?\s*error\b/i;

/** Receives the parts of replies that cannot be read. */
export type ShapeReport = (where: string, value: unknown) => void;

/**
 * What the mappers of both APIs share: the reading of data, and the end of an answer. An answer is over when the provider
 * says so and nothing more comes. Text that follows an announced end belongs to the answer, because some gateways announce
 * it with every piece.
 */
export abstract class ReplyMapper implements AnswerMapper {
  started = false;
  finished = false;
  announced = 0;
  protected readonly answer: AnswerBuilder;
  /** Whether a part of an answer was recognised, text or not. */
  protected isAnswer = false;
  private reason: FinishReason | null = null;
  private announcements = 0;
  private hasLateUsage = false;
  /** Whether text came that announced no end. */
  private hasUnmarkedText = false;
  /** Whether a part of a reply has text in a place that is not known. */
  private hasUnknown = false;
  /** The first data that could not be read. */
  private unreadable: string | null = null;

  constructor(
    protected readonly source: ErrorSource,
    thinkTag: ModelParameters['thinkTag'],
    private readonly report: ShapeReport = () => undefined,
  ) {
    this.answer = new AnswerBuilder(thinkTag);
  }

  get whole(): boolean {
    return this.reason !== null;
  }

  get usage(): Usage | undefined {
    return this.answer.usage.totals();
  }

  push(event: EventSourceMessage, batch: EventBatch): void {
    if (this.finished) return;
    const value = parseJson(event.data);
    if (!isJsonObject(value)) return this.onOther(event, value, batch);
    this.started ||= event.event !== 'ping' && value['type'] !== 'ping';
    this.onObject(value, event.event, batch);
  }

  pushWhole(reply: unknown, batch: EventBatch): void {
    this.started = true;
    for (const value of Array.isArray(reply) ? (reply as unknown[]) : [reply]) {
      if (isJsonObject(value)) this.onWhole(value, batch);
    }
    if (!this.isAnswer) throw this.protocolError('JSON in place of an answer; check the base URL');
    if (!this.finished) this.finish(batch);
  }

  end(batch: EventBatch): void {
    if (this.finished) return;
    if (this.reason === null) throw this.endless();
    this.finish(batch);
  }

  flush(batch: EventBatch): void {
    this.answer.flush(batch);
  }

  /** Maps an event whose data is an object. */
  protected abstract onObject(data: JsonObject, name: string | undefined, batch: EventBatch): void;

  /** Maps a reply that is not streamed, or one of its parts. */
  protected abstract onWhole(reply: JsonObject, batch: EventBatch): void;

  /** Emits what is left before the end. */
  protected onFinish(_reason: FinishReason, _batch: EventBatch): void {
    // Nothing by default.
  }

  /** Emits the end of the answer. */
  protected finish(batch: EventBatch): void {
    const finish = this.reason ?? 'stop';
    if (finish === 'stop' && this.hasUnknown && !this.answer.hasAnswer && !this.answer.hasReasoning) {
      throw this.protocolError('an answer in fields that are not known; the log has their names');
    }
    this.finished = true;
    this.onFinish(finish, batch);
    this.answer.finish(finish, batch);
  }

  /** A piece of text came without an announced end. */
  protected onText(): void {
    this.isAnswer = true;
    this.hasUnmarkedText = true;
    this.announced = 0;
  }

  /** Parts came, and maybe a reason that ends the answer. @throws AppError when the reason is a failure */
  protected onParts(added: Added, reason: unknown): void {
    const mark = endMarkOf(reason);
    const isText = added.answer || added.reasoning;
    if (isText && mark === null) return this.onText();
    if (isText) this.announced = 0;
    if (mark === null) return;
    if ('failure' in mark) throw this.givenUp(mark.failure, mark.words);
    this.isAnswer = true;
    this.reason = mark.finish;
    // Behind reasoning, the answer may be still to come.
    const isThinking = this.answer.hasReasoning && !this.answer.hasAnswer && mark.finish === 'stop';
    if ((!isText || this.hasUnmarkedText) && !isThinking) this.announce();
  }

  /** Counts came: after the first ones, a last formality may follow. */
  protected onUsage(): void {
    if (this.announced !== 0 && !this.hasLateUsage) this.announce();
    this.hasLateUsage = this.announced !== 0;
  }

  protected onDone(batch: EventBatch): void {
    if (!this.isAnswer && this.reason === null) throw this.endless();
    this.finish(batch);
  }

  protected reportShape(where: string, value: unknown): void {
    this.unreadable ??= '';
    this.hasUnknown = true;
    this.report(where, value);
  }

  protected failure(payload: unknown): AppError {
    return errorFromPayload(payload, this.source);
  }

  protected protocolError(what: string): AppError {
    return new AppError('provider_protocol', `${this.source.host} sent ${what}`);
  }

  private announce(): void {
    this.announcements += 1;
    this.announced = this.announcements;
  }

  /** Handles data that is no object. Data that cannot be read costs nothing but itself. */
  private onOther(event: EventSourceMessage, value: unknown, batch: EventBatch): void {
    if (isErrorName(event.event)) throw this.failure(value ?? event.data);
    if (event.event === 'ping') return;
    if (value !== undefined) {
      for (const each of Array.isArray(value) ? (value as unknown[]) : []) this.onValue(each, event.event, batch);

      return;
    }
    for (const text of jsonTextsOf(event.data)) {
      if (this.finished) return;
      if (text.startsWith('[DONE]')) this.onDone(batch);
      else this.onValue(parseLenient(text) ?? text, event.event, batch);
    }
  }

  private onValue(value: unknown, name: string | undefined, batch: EventBatch): void {
    if (isJsonObject(value)) {
      this.started = true;
      this.onObject(value, name, batch);
    } else if (typeof value === 'string' && !KEEP_ALIVE.test(value)) {
      if (ERROR_TEXT.test(value)) throw this.failure(value);
      this.unreadable ||= value;
      this.report(name === undefined ? 'data that is not JSON' : `event ${name} with data that is not JSON`, '');
    }
  }

  private givenUp(code: ErrorCode, words: string): AppError {
    return new ProviderError(code, `${this.source.host} gave up the answer (${words})`, { retryable: true }, {});
  }

  /** The error for an answer without its end. One that could not be read would not be read the next time either. */
  private endless(): AppError {
    if (this.isAnswer || this.unreadable === null) {
      const message = `${this.source.host} ended the stream before the answer was complete`;

      return new AppError('provider_truncated', message, { retryable: true });
    }
    const text = this.unreadable;
    if (isMarkup(text)) return this.protocolError('a web page in place of an answer; check the base URL');
    if (/^\s*[[{]/.test(text)) return this.protocolError('a JSON reply that is cut off or malformed');
    const words = cleanMessage(text, this.source.secrets);
    const what = words === undefined ? 'events of an unknown kind' : `text in place of an answer: ${words}`;

    return new AppError(codeOfWords({ message: text }) ?? 'provider_protocol', `${this.source.host} sent ${what}`);
  }
}
