/** Maps the chunks of OpenAI's Chat Completions API, in the dialects of compatible servers. */
import type { ModelParameters } from '../../../common/contracts/chat-provider.js';
import { asNumber, asObject, asText, isJsonObject, type JsonObject } from '../../../common/text/json.js';
import type { EventBatch } from '../../../infra/provider-stream/event-batch.js';
import { isTelling } from '../../../infra/provider-stream/provider-problem.js';
import type { ErrorSource } from '../error-mapping.js';
import type { Added } from '../dialects/answer-builder.js';
import { isErrorName, isFailure } from '../dialects/failed-reply.js';
import { contentOf, type MessageParts, partsOf, sourcesBeside } from '../dialects/message-parts.js';
import { chunkOf } from '../dialects/other-chunks.js';
import { ReplyMapper, type ShapeReport } from '../dialects/reply-mapper.js';

const NOTHING: Added = { answer: false, reasoning: false };
/** Fields of a choice that are read apart, or are no part of the answer. */
const NOT_TEXT = new Set(['delta', 'message', 'index', 'finish_reason', 'finishReason', 'usage', 'logprobs', 'error']);

/**
 * Chunks without names, ended by `[DONE]`, which some servers never send. The usual chunk, a piece of text or reasoning and
 * nothing else, is read directly; everything else by `dialects/`, which knows the other places and shapes.
 */
export class OpenaiEvents extends ReplyMapper {
  private hasSeenChunk = false;
  private hasDeltas = false;

  /** @param isMany whether several choices were asked for, of which the first is shown; else any index is the answer's */
  constructor(
    source: ErrorSource,
    thinkTag: ModelParameters['thinkTag'] = 'auto',
    report?: ShapeReport,
    private readonly isMany = false,
  ) {
    super(source, thinkTag, report);
  }

  protected onObject(chunk: JsonObject, name: string | undefined, batch: EventBatch): void {
    const choices = chunk['choices'];
    const choice: unknown = Array.isArray(choices) ? choices[0] : undefined;
    const isNamed = name !== undefined && name !== 'message';
    if (!isJsonObject(choice) || isNamed || chunk['error'] || chunk['base_resp']) {
      return this.onOtherChunk(chunk, name, batch);
    }
    if (chunk['usage']) this.onCounts(this.answer.usage.add(chunk['usage']));
    if (!this.hasSeenChunk) this.onBeside(chunk, batch);
    for (const each of choices as unknown[]) {
      if (isJsonObject(each) && this.isShown(each, choice)) this.onChoice(each, chunk, batch);
    }
  }

  protected onWhole(reply: JsonObject, batch: EventBatch): void {
    this.onOtherChunk(reply, undefined, batch);
  }

  /** Text Generation Inference counts tokens in the index of its one choice. */
  private isShown(choice: JsonObject, first: JsonObject): boolean {
    return this.isMany ? (asNumber(choice['index']) ?? 0) === 0 : choice['index'] === first['index'];
  }

  private onChoice(choice: JsonObject, chunk: JsonObject, batch: EventBatch): void {
    const { delta } = choice;
    const name = choice['finish_reason'] || !isJsonObject(delta) ? null : nameOfPiece(delta);
    if (name === null) return this.onOtherChoice(choice, chunk, batch);
    const piece = (delta as Record<string, string>)[name] ?? '';
    if (name === 'content') this.answer.text(piece, batch);
    else this.answer.reasoning([piece], batch);
    this.hasDeltas = true;
    this.onText();
  }

  /** Reads a chunk that has no choices, or a failure, or a name. */
  private onOtherChunk(chunk: JsonObject, name: string | undefined, batch: EventBatch): void {
    const { choices, isEmpty } = chunkOf(chunk);
    if (isErrorName(name) || isFailure(chunk, choices.length > 0)) throw this.failure(chunk);
    this.onBeside(chunk, batch);
    const [first] = choices;
    for (const choice of choices) {
      if (first && this.isShown(choice, first)) this.onOtherChoice(choice, chunk, batch);
    }
    if (choices.length === 0 && !isEmpty) this.reportShape(name === undefined ? 'chunk' : `event ${name}`, chunk);
  }

  /** Reads what stands beside the choices: counts in other places, results of a search. */
  private onBeside(chunk: JsonObject, batch: EventBatch): void {
    this.hasSeenChunk = true;
    this.onCounts(this.answer.usage.find(chunk));
    this.answer.addSources(sourcesBeside(chunk), batch);
  }

  private onOtherChoice(choice: JsonObject, chunk: JsonObject, batch: EventBatch): void {
    if (isTelling(choice['error']) || isFailure(chunk, true)) throw this.failure({ ...chunk, ...choice });
    this.onBeside(chunk, batch);
    this.onCounts(this.answer.usage.find(choice));
    const added = [this.onDelta(choice['delta'], batch), this.onBesideDelta(choice, batch)];
    added.push(this.onMessage(choice['message'], batch));
    this.isAnswer = true;
    const all = { answer: added.some(({ answer }) => answer), reasoning: added.some(({ reasoning }) => reasoning) };
    this.onParts(all, reasonOf(choice, chunk));
  }

  private onDelta(delta: unknown, batch: EventBatch): Added {
    if (delta === undefined || delta === null) return NOTHING;
    const object = asObject(delta);
    if (object && isTelling(object['error'])) throw this.failure(object);
    const parts = object ? partsOf(object) : contentOf(delta);
    this.hasDeltas ||= parts.content !== '' || parts.reasoning.length > 0;
    this.reportUnknown('delta', parts, delta);

    return this.answer.parts(parts, batch);
  }

  /** Text beside the delta: the old completions API, or a choice without any delta. */
  private onBesideDelta(choice: JsonObject, batch: EventBatch): Added {
    const rest = Object.fromEntries(Object.entries(choice).filter(([name]) => !NOT_TEXT.has(name)));
    const { content, ...parts } = partsOf(rest);
    const isRepeated = this.hasDeltas && asObject(choice['delta']) !== undefined;

    return this.answer.parts({ ...parts, content: isRepeated ? '' : content }, batch);
  }

  /** A message is the whole answer, or all of it so far, or, where no deltas come, a piece of it. */
  private onMessage(value: unknown, batch: EventBatch): Added {
    if (value === undefined || value === null) return NOTHING;
    const message = asObject(value);
    const { content, reasoning, ...parts } = message ? partsOf(message) : contentOf(value);
    this.reportUnknown('message', { ...parts, content, reasoning }, value);
    const isNewReasoning = this.answer.reasoning(reasoning, batch, this.hasDeltas);
    const before = this.answer.told.length;
    if (!this.hasDeltas) this.answer.text(content, batch);
    else if (content !== '' && !this.answer.wholeText(content, batch))
      this.reportShape('message unlike its deltas', '');
    const others = this.answer.parts({ ...parts, content: '', reasoning: [] }, batch);

    return { answer: others.answer || this.answer.told.length > before, reasoning: isNewReasoning };
  }

  private onCounts(found: boolean): void {
    if (found) this.onUsage();
  }

  private reportUnknown(where: string, parts: MessageParts, value: unknown): void {
    if (parts.unknown.length > 0) this.reportShape(where, value);
  }
}

/** vLLM's `stop_reason` names the word that has ended the text, beside `finish_reason`. */
function reasonOf(choice: JsonObject, chunk: JsonObject): unknown {
  const own = choice['finish_reason'] ?? choice['finishReason'] ?? choice['done_reason'] ?? chunk['finish_reason'];
  const other = 'finish_reason' in choice ? undefined : choice['stop_reason'];

  return own ?? other ?? (choice['done'] === true ? 'stop' : undefined);
}

/** The one field of a usual delta that holds text; null when it holds anything else as well. */
function nameOfPiece(delta: JsonObject): string | null {
  let found: string | null = null;
  for (const name of Object.keys(delta)) {
    const value = delta[name];
    if (name === 'role' || value === null || value === '' || (Array.isArray(value) && value.length === 0)) continue;
    const isPiece = name === 'content' || name === 'reasoning_content' || name === 'reasoning';
    if (found !== null || !isPiece || asText(value) === undefined) return null;
    found = name;
  }

  return found;
}
