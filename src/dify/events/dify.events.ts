/** Events of Dify's service API -> the project's. */
import type { EventSourceMessage } from 'eventsource-parser';
import type { Step } from '../../common/chat-event.js';
import type { DifyRun } from '../../common/dify.js';
import type { AnswerMapper, EventBatch } from '../../infra/provider-stream/event-batch.js';
import { asObject, asText, type JsonObject, parseJson } from '../../common/json.js';
import { type DifySource, errorFromEvent, protocolError } from '../client/dify.errors.js';
import { DifyForms } from './dify.forms.js';
import { isFlow } from '../client/dify.request.js';
import { RunEnd } from './dify.run-end.js';
import { DifySteps } from './dify.steps.js';
import { fileOf, sourcesOf } from './map-outputs.js';

/** What events are read with. */
export interface DifyEventsOptions {
  baseUrl: string;
  source: DifySource;
  /** What is known of the run; it is completed as events name more of it. */
  run: DifyRun;
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
  /** Characters of the answer so far. */
  textLength = 0;
  /** Number of events so far. */
  count = 0;
  private readonly steps = new DifySteps();
  private readonly forms: DifyForms;
  private readonly runEnd: RunEnd;
  private readonly fileUrls = new Set<string>();
  private knowsRun = false;
  /** The whole answer; null until the run was rejoined. Parts of it may have been missed. */
  private joined: string | null = null;

  constructor(private readonly options: DifyEventsOptions) {
    this.forms = new DifyForms(options.run, this.steps);
    this.runEnd = new RunEnd(options.source);
  }

  /** Forms whose events had a token only. */
  get bareForms(): JsonObject[] {
    return this.forms.bare;
  }

  /** Continues with another stream of the run, which begins with a replay. */
  rejoin({ content, steps }: Shown): void {
    this.started = true;
    this.paused = false;
    this.joined = content;
    this.textLength = content.length;
    this.steps.rejoin(steps);
  }

  push(event: EventSourceMessage, batch: EventBatch): void {
    if (this.finished) return;
    const data = asObject(parseJson(event.data));
    if (!data) return this.pushOther(event);
    if (data['event'] !== 'ping') this.onData(data, batch);
  }

  private onData(data: JsonObject, batch: EventBatch): void {
    const type = data['event'];
    this.started = true;
    this.count += 1;
    if (!this.knowsRun) this.rememberRun(data);
    if (type === 'message' || type === 'agent_message') this.onMessage(type, data['answer'], batch);
    else if (type === 'text_chunk') this.append(asObject(data['data'])?.['text'], batch);
    else if (typeof type === 'string') this.onOther(type, data, asObject(data['data']) ?? {}, batch);
  }

  /** Reads the reply of a blocking call, which gateways without streaming send. */
  pushWhole(reply: unknown, batch: EventBatch): void {
    const data = asObject(reply) ?? {};
    this.started = true;
    this.rememberRun(data);
    const run = asObject(data['data']);
    if (run) return this.onFlowEnd(run, batch);
    if (typeof data['answer'] !== 'string') throw protocolError(this.options.source, 'a JSON reply without an answer');
    this.append(data['answer'], batch);
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
    this.steps.finish('succeeded', batch);
    batch.add({ type: 'finish', finish_reason: 'partial' });
  }

  /** Ends an answer that waits for input that cannot be given here. */
  endPaused(batch: EventBatch): void {
    this.finished = true;
    this.steps.finish('paused', batch);
    batch.add({ type: 'finish', finish_reason: 'paused' });
  }

  /** Ends the steps of all forms when the run continues: a replay does not contain their ends. */
  closeForms(batch: EventBatch): void {
    this.forms.close(batch);
  }

  /** Data that is no object: pings of some versions and proxies pass, broken JSON means a broken stream. */
  private pushOther({ data, event }: EventSourceMessage): void {
    if (event === 'ping' || data.trim() === '' || parseJson(data) !== undefined) return;
    throw protocolError(this.options.source, 'data that is not JSON');
  }

  private onOther(type: string, data: JsonObject, part: JsonObject, batch: EventBatch): void {
    switch (type) {
      case 'message_replace':
        return this.replace(data['answer'], batch);
      case 'text_replace':
        return this.replace(part['text'], batch);
      case 'reasoning_chunk':
        return batch.reasoning(asText(part['reasoning']) ?? '');
      case 'message_file':
        return data['belongs_to'] === 'user' ? undefined : this.addFiles([data], batch);
      case 'message_end':
        return this.onMessageEnd(data, batch);
      case 'workflow_finished':
        return this.onFlowEnd(part, batch);
      case 'error':
        this.hasEnded = true;
        this.steps.finish('failed', batch);
        throw errorFromEvent(data, this.options.source);
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
    if (!isWhole) this.append(answer, batch);
    else if (asText(answer)?.length !== this.textLength) this.replace(answer, batch);
  }

  private append(value: unknown, batch: EventBatch): void {
    if (typeof value !== 'string' || value === '') return;
    this.textLength += value.length;
    if (this.joined !== null) this.joined += value;
    batch.content(value);
  }

  private replace(value: unknown, batch: EventBatch): void {
    if (typeof value !== 'string') return;
    const before = this.joined;
    this.textLength = value.length;
    if (before !== null) this.joined = value;
    // A replay of what was shown already, and some more.
    if (before !== null && value.startsWith(before)) batch.content(value.slice(before.length));
    else batch.add({ type: 'replace', content: value });
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

  /** Outputs are the answer of a workflow that streamed none, and the truth for a run of which parts were missed. */
  private finishText(batch: EventBatch): void {
    const { text } = this.runEnd;
    if (this.options.run.mode === 'workflow' && this.textLength === 0) return this.append(text, batch);
    if (this.joined !== null && text !== null && text !== this.joined) this.replace(text, batch);
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
    const { run, onRun } = this.options;
    const before = [run.taskId, run.runId, run.messageId, run.conversationId].join();
    run.taskId = asText(data['task_id']) ?? run.taskId;
    run.messageId = asText(data['message_id']) ?? run.messageId;
    run.conversationId = asText(data['conversation_id']) ?? run.conversationId;
    if (isFlow(run.mode)) run.runId = asText(data['workflow_run_id']) ?? run.runId;
    this.knowsRun = run.taskId !== undefined && (!isFlow(run.mode) || run.runId !== undefined);
    if ([run.taskId, run.runId, run.messageId, run.conversationId].join() !== before) onRun();
  }
}
