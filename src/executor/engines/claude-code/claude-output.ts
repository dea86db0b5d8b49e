import { asNumber, asObject, asText, isJsonObject, type JsonObject, parseObject } from '../../../common/text/json.js';
import type { LiveEvent } from '../../reporting/live-event.js';
import { EngineError } from '../engine.js';
import { providerErrorCode } from '../provider-errors.js';
import { ClaudeSteps } from './claude-steps.js';
import { ClaudeUsage, resultUsage } from './claude-usage.js';

/** Written by the program itself: its own messages, errors among them. */
const SYNTHETIC = '<synthetic>';
/** The program repeats these for minutes; they do not go away. */
const FINAL_STATUSES = new Set([401, 402, 403]);
const RETRY_STEP = 'api-retry';

/** What the output leads to. */
export interface ClaudeListener {
  onEvent: (event: LiveEvent) => void;
  onSession: (id: string) => void;
  /** There is no use in waiting for the end. */
  onHopeless: (error: EngineError) => void;
}

/** Reads the lines that `claude --output-format stream-json` writes. Lines that are unknown are skipped. */
export class ClaudeOutput {
  /** The last line; null as long as it has not come. */
  result: JsonObject | null = null;
  /** Lines that are no JSON objects. */
  garbage = 0;
  private readonly steps = new ClaudeSteps();
  private readonly usage = new ClaudeUsage();
  /** Messages that came in pieces: their whole text does not count again. */
  private readonly streamed = new Set<string>();
  private hasText = false;
  private hasReasoning = false;
  private isRetrying = false;

  constructor(private readonly listener: ClaudeListener) {}

  read(line: string): void {
    const json = parseObject(line);
    if (!json) this.garbage += 1;
    else if (json['type'] === 'system') this.readSystem(json);
    else if (json['type'] === 'stream_event') this.readPiece(json);
    else if (json['type'] === 'assistant') this.readMessage(json);
    else if (json['type'] === 'user') this.readResults(json);
    else if (json['type'] === 'result') this.readEnd(json);
  }

  private readSystem(json: JsonObject): void {
    const session = asText(json['session_id']);
    if (json['subtype'] === 'init' && session !== undefined) this.listener.onSession(session);
    if (json['subtype'] !== 'api_retry') return;
    const status = asNumber(json['error_status']);
    const reason = asText(json['error']) ?? 'no answer';
    if (status !== undefined && FINAL_STATUSES.has(status)) {
      const text = `The model server refuses the key of the model (HTTP ${status}, ${reason})`;
      this.listener.onHopeless(new EngineError(text, providerErrorCode(status, reason)));

      return;
    }
    this.isRetrying = true;
    const attempt = asNumber(json['attempt']) ?? 1;
    this.step({ title: `The model server does not answer (${reason}): attempt ${attempt + 1}`, status: 'retrying' });
  }

  private readPiece(json: JsonObject): void {
    const event = asObject(json['event']);
    // Of sub-agents the calls are shown, and what they come to.
    if (!event || asText(json['parent_tool_use_id']) !== undefined) return;
    if (event['type'] === 'message_start') this.beginMessage(asObject(event['message']) ?? {});
    else if (event['type'] === 'content_block_start') this.beginBlock(asObject(event['content_block']) ?? {});
    else if (event['type'] === 'content_block_delta') this.readDelta(asObject(event['delta']) ?? {});
    else if (event['type'] === 'message_delta') this.addUsage(asObject(event['usage']));
  }

  private beginMessage(message: JsonObject): void {
    this.streamed.add(asText(message['id']) ?? '');
    if (this.isRetrying) this.step({ title: 'The model server answers again', status: 'succeeded' });
    this.isRetrying = false;
  }

  private addUsage(usage: JsonObject | undefined): void {
    if (usage) this.listener.onEvent({ type: 'usage', ...this.usage.add(usage) });
  }

  private beginBlock(block: JsonObject): void {
    if (block['type'] === 'text') this.beginText(block);
    else if (block['type'] === 'thinking') this.beginThinking();
    else if (block['type'] === 'tool_use') this.beginStep(block, undefined);
  }

  /** Blocks are paragraphs of their own. */
  private beginText(block: JsonObject): void {
    if (this.hasText) this.listener.onEvent({ type: 'content', content: '\n\n' });
    this.addText(block['text']);
  }

  private beginThinking(): void {
    if (this.hasReasoning) this.listener.onEvent({ type: 'reasoning', content: '\n\n' });
  }

  private readDelta(delta: JsonObject): void {
    if (delta['type'] === 'text_delta') this.addText(delta['text']);
    else if (delta['type'] === 'thinking_delta') this.addReasoning(delta['thinking']);
  }

  private readMessage(json: JsonObject): void {
    const message = asObject(json['message']) ?? {};
    const parent = asText(json['parent_tool_use_id']);
    const isNew = parent === undefined && !this.streamed.has(asText(message['id']) ?? '');
    for (const block of blocksOf(message)) {
      if (block['type'] === 'tool_use') this.beginStep(block, parent);
      else if (isNew && message['model'] !== SYNTHETIC) this.readWhole(block);
    }
  }

  /** A block that did not come in pieces. */
  private readWhole(block: JsonObject): void {
    this.beginBlock(block);
    if (block['type'] === 'thinking') this.addReasoning(block['thinking']);
  }

  private readResults(json: JsonObject): void {
    for (const block of blocksOf(asObject(json['message']) ?? {})) {
      const step = block['type'] === 'tool_result' ? this.steps.end(block) : null;
      if (step) this.listener.onEvent({ type: 'step', ...step });
    }
  }

  private readEnd(json: JsonObject): void {
    this.result = json;
    const usage = resultUsage(json);
    if (usage) this.listener.onEvent({ type: 'usage', ...usage });
    // Commands of the program itself answer without the model.
    if (json['is_error'] !== true && !this.hasText) this.addText(json['result']);
  }

  private addText(text: unknown): void {
    const content = asText(text);
    if (content === undefined) return;
    this.hasText = true;
    this.listener.onEvent({ type: 'content', content });
  }

  private addReasoning(text: unknown): void {
    const content = asText(text);
    if (content === undefined) return;
    this.hasReasoning = true;
    this.listener.onEvent({ type: 'reasoning', content });
  }

  private beginStep(block: JsonObject, parent: string | undefined): void {
    const step = this.steps.begin(block, parent);
    if (step) this.listener.onEvent({ type: 'step', ...step });
  }

  private step(about: { title: string; status: 'retrying' | 'succeeded' }): void {
    this.listener.onEvent({ type: 'step', step_id: RETRY_STEP, kind: 'log', ...about });
  }
}

const blocksOf = (message: JsonObject): JsonObject[] =>
  Array.isArray(message['content']) ? message['content'].filter(isJsonObject) : [];
