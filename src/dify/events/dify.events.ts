/** Events of Dify's service API -> the project's. */
import type { EventSourceMessage } from 'eventsource-parser';
import type { Step } from '../../common/contracts/chat-event.js';
import type { DifyRun } from '../../common/contracts/dify.js';
import type { AnswerMapper, EventBatch } from '../../infra/provider-stream/event-batch.js';
import { asObject, asText, type JsonObject } from '../../common/text/json.js';
import { readEventData } from '../../infra/provider-stream/body/event-json.js';
import { type DifySource, errorFromEvent, otherConversation, protocolError } from '../client/dify.errors.js';
import { DifyForms } from './dify.forms.js';
import { isFlow } from '../client/dify.request.js';
import { RunEnd } from './dify.run-end.js';
import { DifySteps } from './dify.steps.js';
import { DifyText } from './dify.text.js';
import { fileOf, sourcesOf } from './map-outputs.js';

/** What events are read with. */
export interface DifyEventsOptions {
  baseUrl: string;
  source: DifySource;
  /** What is known of the run; it is completed as events name more of it. */
  run: DifyRun;
  /** The conversation that was to go on; empty for a new one. */
  conversationId: string;
  /** Called when an id of the run, its forms or its pause have changed. */
  onRun: () => void;
  /** Called at the first of the two events that end a chatflow; the second may never come. */
  onEnding: () => void;
}

/** What was shown of an answer whose run is joined again. */
export interface Shown {
  content: string;
  steps: readonly Step[];
}

/**
 * A chatflow ends with `message_end` and `workflow_finished`, in either order, and some versions lose one of them; a
 * workflow ends with the second, all others with the first. Unknown events are ignored. When the stream ends without
 * any of them, the run continues at Dify.
 */
export class DifyEvents implements AnswerMapper {
  started = false;
  finished = false;
  /** The run waits, and its stream has ended. */
  paused = false;
  /** Dify has reported the end of the run, successful or not. */
  hasEnded = false;
  /** Number of events so far. */
  count = 0;
  /** What came first in place of an event and could not be read. */
  unreadable: string | null = null;
  private readonly steps = new DifySteps();
  private readonly forms: DifyForms;
  private readonly runEnd: RunEnd;
  private readonly fileUrls = new Set<string>();
  private readonly text = new DifyText();
  private knowsRun = false;

  constructor(private readonly options: DifyEventsOptions) {
    this.forms = new DifyForms(options.run, this.steps);
    this.runEnd = new RunEnd(options.source);
  }

  /** Characters of the answer so far, with reasoning. */
  get textLength(): number {
    return this.text.length;
  }

  /** Forms whose events had a token only. */
  get bareForms(): JsonObject[] {
    return this.forms.bare;
  }

  /** Continues with another stream of the run, which begins with a replay. */
  rejoin({ content, steps }: Shown): void {
    this.started = true;
    this.paused = false;
    this.text.rejoin(content);
    this.steps.rejoin(steps);
  }

  push(event: EventSourceMessage, batch: EventBatch): void {
    const { objects, unreadable } = readEventData(event.data);
    for (const data of objects) {
      if (this.finished) return;
      if (data['event'] === 'ping') continue;
      if (isError(data, event.event)) this.fail(data, batch);
      if (this.count === 0 && isWhole(data)) this.pushWhole(data, batch);
      else this.onData(data, batch);
    }
    if (unreadable === null || event.event === 'ping') return;
    if (event.event === 'error') this.fail({ message: unreadable }, batch);
    this.unreadable ??= unreadable;
  }

  private onData(data: JsonObject, batch: EventBatch): void {
    const type = data['event'];
    this.started = true;
    this.count += 1;
    if (!this.knowsRun) this.rememberRun(data);
    if (type === 'message' || type === 'agent_message') this.onMessage(type, data['answer'], batch);
    else if (type === 'text_chunk') this.text.append(asObject(data['data'])?.['text'], batch);
    else if (typeof type === 'string') this.onOther(type, data, asObject(data['data']) ?? {}, batch);
  }

  /** Reads the reply of a blocking call, which gateways without streaming send. */
  pushWhole(reply: unknown, batch: EventBatch): void {
    const data = asObject(reply) ?? {};
    this.started = true;
    if (!isError(data)) this.rememberRun(data);
    const run = asObject(data['data']);
    if (run) return this.onFlowEnd(run, batch);
    if (isError(data)) this.fail(data, batch);
    if (typeof data['answer'] !== 'string') throw protocolError(this.options.source, 'a JSON reply without an answer');
    this.text.append(data['answer'], batch);
    this.onMessageEnd(data, batch);
  }

  /** Reads the final state of a run whose stream is lost. */
  pushDetail(detail: JsonObject, batch: EventBatch): void {
    this.runEnd.workflow(detail);
    this.hasEnded = true;
    this.conclude(batch);
  }

  end(batch: EventBatch): void {
    if (!this.finished && !this.paused && this.hasEnded) this.conclude(batch);
  }

  /** Ends an answer as partial whose end is lost. */
  keepPartial(batch: EventBatch): void {
    this.finished = true;
    this.text.end(null, batch, true);
    this.steps.finish('succeeded', batch);
    batch.add({ type: 'finish', finish_reason: 'partial' });
  }

  /** Ends an answer that waits for input that cannot be given here. */
  endPaused(batch: EventBatch): void {
    this.finished = true;
    this.text.end(null, batch, true);
    this.steps.finish('paused', batch);
    batch.add({ type: 'finish', finish_reason: 'paused' });
  }

  /** Ends the steps of all forms when the run continues: a replay does not contain their ends. */
  closeForms(batch: EventBatch): void {
    this.forms.close(batch);
  }

  /** Ends the answer with the error that an event tells of. */
  private fail(data: JsonObject, batch: EventBatch): never {
    this.started = true;
    this.count += 1;
    this.hasEnded = true;
    this.steps.finish('failed', batch);
    throw errorFromEvent(data, this.options.source);
  }

  private onOther(type: string, data: JsonObject, part: JsonObject, batch: EventBatch): void {
    switch (type) {
      case 'message_replace':
        return this.text.replace(data['answer'], batch);
      case 'text_replace':
        return this.text.replace(part['text'], batch);
      case 'reasoning_chunk':
        return batch.reasoning(asText(part['reasoning']) ?? '');
      case 'message_file':
        return data['belongs_to'] === 'user' ? undefined : this.addFiles([data], batch);
      case 'message_end':
        return this.onMessageEnd(data, batch);
      case 'workflow_finished':
        return this.onFlowEnd(part, batch);
      default:
        return this.onStep(type, data, part, batch);
    }
  }

  private onStep(type: string, data: JsonObject, part: JsonObject, batch: EventBatch): void {
    switch (type) {
      case 'workflow_started':
        return part['reason'] === 'resumption' ? this.resume() : undefined;
      case 'workflow_paused':
        this.paused = true;

        return;
      case 'human_input_required':
        this.forms.require(part, batch);

        return this.options.onRun();
      case 'human_input_form_filled':
      case 'human_input_form_timeout':
        this.forms.over(type === 'human_input_form_filled', part, batch);

        return this.resume();
      case 'node_finished':
        this.addFiles(part['files'], batch);
        this.runEnd.node(part);
    }
    this.steps.push(type, data, batch);
  }

  private onMessage(type: string, answer: unknown, batch: EventBatch): void {
    // An agent of the new kind closes with its whole text.
    const isWhole = type === 'message' && this.options.run.mode === 'agent' && this.textLength > 0;
    if (!isWhole) this.text.append(answer, batch);
    else if (asText(answer)?.length !== this.textLength) this.text.replace(answer, batch);
  }

  private onMessageEnd(data: JsonObject, batch: EventBatch): void {
    const metadata = asObject(data['metadata']);
    const sources = sourcesOf(metadata?.['retriever_resources']);
    if (sources.length > 0) batch.add({ type: 'sources', sources });
    this.addFiles(data['files'], batch);
    this.runEnd.message(metadata?.['usage']);
    this.endOrWait(batch);
  }

  private onFlowEnd(part: JsonObject, batch: EventBatch): void {
    this.paused = part['status'] === 'paused';
    if (this.paused) return;
    this.addFiles(part['files'], batch);
    this.runEnd.workflow(part);
    this.endOrWait(batch);
  }

  private endOrWait(batch: EventBatch): void {
    this.hasEnded = true;
    const { hasMessage, hasFlow } = this.runEnd;
    if ((hasMessage && hasFlow) || this.options.run.mode !== 'advanced-chat') this.conclude(batch);
    else this.options.onEnding();
  }

  /** @throws AppError when the run has failed, or was stopped by others */
  private conclude(batch: EventBatch): void {
    this.steps.finish(this.runEnd.stepStatus, batch);
    const reason = this.runEnd.reason();
    this.finishText(batch);
    if (this.runEnd.usage) batch.usage(this.runEnd.usage);
    this.finished = true;
    batch.add({ type: 'finish', finish_reason: reason });
  }

  /** Outputs are the answer of a workflow that streamed none. */
  private finishText(batch: EventBatch): void {
    const { text } = this.runEnd;
    if (this.options.run.mode === 'workflow' && this.textLength === 0) this.text.append(text, batch);
    this.text.end(text, batch);
  }

  /** The run does not wait any more. */
  private resume(): void {
    this.paused = false;
    this.options.run.pausedAt = null;
    this.options.onRun();
  }

  private addFiles(files: unknown, batch: EventBatch): void {
    for (const value of Array.isArray(files) ? (files as unknown[]) : []) {
      const file = fileOf(value, this.options.baseUrl);
      if (!file || this.fileUrls.has(file.url)) continue;
      this.fileUrls.add(file.url);
      batch.add({ type: 'file', file });
    }
  }

  /** Every event names the run; all that is needed of it stands in the first ones. */
  private rememberRun(data: JsonObject): void {
    const { run, onRun, conversationId, source } = this.options;
    const answersIn = asText(data['conversation_id']) ?? conversationId;
    if (conversationId !== '' && answersIn.toLowerCase() !== conversationId.toLowerCase())
      throw otherConversation(source);
    const before = [run.taskId, run.runId, run.messageId, run.conversationId].join();
    run.taskId = asText(data['task_id']) ?? run.taskId;
    run.messageId = asText(data['message_id']) ?? run.messageId;
    run.conversationId = asText(data['conversation_id']) ?? run.conversationId;
    if (isFlow(run.mode)) run.runId = asText(data['workflow_run_id']) ?? run.runId;
    this.knowsRun = run.taskId !== undefined && (!isFlow(run.mode) || run.runId !== undefined);
    if ([run.taskId, run.runId, run.messageId, run.conversationId].join() !== before) onRun();
  }
}

/** Whether data tells of a failure: by its name, or as the body of an HTTP error that some gateways send in a stream. */
function isError(data: JsonObject, name?: string): boolean {
  if (typeof data['event'] === 'string') return data['event'] === 'error';

  return (
    name === 'error' || (data['answer'] === undefined && (data['error'] !== undefined || data['code'] !== undefined))
  );
}

/** Whether data is the reply of a blocking call, in which the answer and its end are one. */
function isWhole({ event, answer, metadata, mode, data }: JsonObject): boolean {
  if (typeof answer === 'string')
    return event === 'message' && typeof mode === 'string' && asObject(metadata) !== undefined;

  return event === undefined && asText(asObject(data)?.['status']) !== undefined;
}
