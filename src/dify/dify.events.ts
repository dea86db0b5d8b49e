/** Events of Dify's service API -> the project's. */
import type { EventSourceMessage } from 'eventsource-parser';
import { AppError } from '../common/app-error.js';
import type { Step, Usage } from '../common/chat-event.js';
import type { DifyMode, DifyRun } from '../common/dify.js';
import type { AnswerMapper } from '../infra/answers/answer-mapper.js';
import type { EventBatch } from '../infra/answers/event-batch.js';
import { asNumber, asObject, asText, type JsonObject, parseJson } from '../infra/answers/json.js';
import { DifyError, type DifySource, errorFromEvent, protocolError } from './dify.errors.js';
import { inputForm, isWholeForm, pendingForm } from './dify.forms.js';
import { DifySteps } from './dify.steps.js';
import { addUsage, fileOf, sourcesOf, textOfOutputs, usageOf } from './outputs.js';
import { type TextEvent, textEvent } from './text-event.js';

/** What events are read with. */
export interface DifyEventsOptions {
  mode: DifyMode;
  baseUrl: string;
  source: DifySource;
  /** What is known of the run; it is completed as events name more of it. */
  run: DifyRun;
  /** The run has got another id, or has begun or ceased to wait. */
  onRun: () => void;
  /** One of the two events that end a chatflow has come, and the other may never do. */
  onEnding: () => void;
}

/** What was shown of an answer whose run is joined again. */
export interface Shown {
  content: string;
  steps: readonly Step[];
}

/**
 * A chatflow ends with `message_end` and `workflow_finished`, in either order, and some versions lose one of them; a
 * workflow ends with the second, all others with the first. Whatever is unknown is ignored. An end of the stream
 * without any of them says nothing about the run, which goes on at Dify without us.
 */
export class DifyEvents implements AnswerMapper {
  started = false;
  finished = false;
  /** The stream has ended, the run as far as is known has not. */
  broken = false;
  /** The run waits, and its stream has ended. */
  paused = false;
  /** Dify has said the last word about the run, good or bad. */
  hasEnded = false;
  /** Characters of the answer so far. */
  textLength = 0;
  /** Events so far, to see whether anything comes. */
  count = 0;
  /** Forms whose events told no more than their tokens. */
  readonly bareForms: JsonObject[] = [];
  private readonly steps = new DifySteps();
  private readonly fileUrls = new Set<string>();
  private knowsRun = false;
  private messageEnded = false;
  private flowEnd: JsonObject | null = null;
  private usage: Usage | undefined;
  private nodeUsage: Usage | undefined;
  /** The whole answer, kept only once a run was joined: parts of it may have been missed. */
  private joined: string | null = null;

  constructor(private readonly options: DifyEventsOptions) {}

  /** The run is read on by another stream, which begins with what there was so far. */
  rejoin({ content, steps }: Shown): void {
    this.broken = false;
    this.paused = false;
    this.joined = content;
    this.textLength = content.length;
    this.steps.rejoin(steps);
  }

  push(event: EventSourceMessage, batch: EventBatch): void {
    if (this.finished) return;
    // Ids are read from the events before.
    const text = this.knowsRun ? textEvent(event.data) : null;
    if (text) return this.onText(text, batch);
    const data = asObject(parseJson(event.data));
    if (!data) return this.pushOther(event);
    const type = data['event'];
    if (type === 'ping') return;
    this.started = true;
    this.count += 1;
    if (!this.knowsRun) this.note(data);
    if (type === 'message' || type === 'agent_message') this.onMessage(type, data['answer'], batch);
    else if (type === 'text_chunk') this.append(asObject(data['data'])?.['text'], batch);
    else if (typeof type === 'string') this.onOther(type, data, batch);
  }

  private onText({ name, text }: TextEvent, batch: EventBatch): void {
    this.count += 1;
    if (name === 'text_chunk') this.append(text, batch);
    else this.onMessage(name, text, batch);
  }

  /** A gateway that does not stream gives the reply of a blocking call. */
  pushWhole(reply: unknown, batch: EventBatch): void {
    const data = asObject(reply) ?? {};
    this.started = true;
    this.note(data);
    const run = asObject(data['data']);
    if (run) return this.onFlowEnd(run, batch);
    if (typeof data['answer'] !== 'string') throw protocolError(this.options.source, 'a JSON reply without an answer');
    this.append(data['answer'], batch);
    this.onMessageEnd(data, batch);
  }

  /** The state of a run that had to be asked for because its stream is gone. */
  pushDetail(detail: JsonObject, batch: EventBatch): void {
    this.joined ??= '';
    this.flowEnd = detail;
    this.hasEnded = true;
    this.conclude(batch);
  }

  end(batch: EventBatch): void {
    if (this.finished || this.paused) return;
    if (this.messageEnded || this.flowEnd) return this.conclude(batch);
    this.broken = true;
  }

  /** Keeps what there is of an answer whose end is lost. */
  keepPartial(batch: EventBatch): void {
    this.finished = true;
    batch.add({ type: 'finish', finish_reason: 'partial' });
  }

  /** Ends an answer that waits for something that nobody here can give. */
  endPaused(batch: EventBatch): void {
    this.finished = true;
    batch.add({ type: 'finish', finish_reason: 'paused' });
  }

  /** A form was answered here: replays do not tell. */
  closeForm(nodeId: string, batch: EventBatch): void {
    this.steps.form({ node_id: nodeId }, 'succeeded', {}, batch);
    this.dropForm(nodeId);
  }

  /** Data that is no object: pings of some versions and proxies pass, broken JSON means a broken stream. */
  private pushOther({ data, event }: EventSourceMessage): void {
    if (event === 'ping' || data.trim() === '' || parseJson(data) !== undefined) return;
    throw protocolError(this.options.source, 'data that is not JSON');
  }

  private onOther(type: string, data: JsonObject, batch: EventBatch): void {
    switch (type) {
      case 'message_replace':
        return this.replace(data['answer'], batch);
      case 'text_replace':
        return this.replace(asObject(data['data'])?.['text'], batch);
      case 'reasoning_chunk': {
        const text = asText(asObject(data['data'])?.['reasoning']);
        if (text !== undefined) batch.reasoning(text);

        return;
      }
      case 'message_file':
        if (data['belongs_to'] !== 'user') this.addFile(data, batch);

        return;
      case 'message_end':
        return this.onMessageEnd(data, batch);
      case 'workflow_finished':
        return this.onFlowEnd(asObject(data['data']) ?? {}, batch);
      case 'error':
        this.hasEnded = true;
        throw errorFromEvent(data, this.options.source);
      default:
        return this.onStep(type, data, batch);
    }
  }

  private onStep(type: string, data: JsonObject, batch: EventBatch): void {
    const part = asObject(data['data']) ?? {};
    switch (type) {
      case 'workflow_started':
        if (part['reason'] === 'resumption') this.goOn();

        return;
      case 'workflow_paused':
        this.paused = true;

        return;
      case 'human_input_required':
        return this.onForm(part, batch);
      case 'human_input_form_filled':
      case 'human_input_form_timeout':
        return this.onFormOver(type, part, batch);
      default:
        if (this.steps.push(type, data, batch) && type === 'node_finished') this.onNodeEnd(part, batch);
    }
  }

  private onMessage(type: string, answer: unknown, batch: EventBatch): void {
    // An agent of the new kind closes with its whole text.
    if (type === 'message' && this.options.mode === 'agent' && this.textLength > 0) {
      if (asText(answer)?.length !== this.textLength) this.replace(answer, batch);

      return;
    }
    this.append(answer, batch);
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
    this.usage = usageOf(metadata?.['usage']) ?? this.usage;
    const sources = sourcesOf(metadata?.['retriever_resources']);
    if (sources.length > 0) batch.add({ type: 'sources', sources });
    this.addFiles(data['files'], batch);
    this.messageEnded = true;
    this.hasEnded = true;
    this.endOrWait(this.flowEnd !== null, batch);
  }

  private onFlowEnd(part: JsonObject, batch: EventBatch): void {
    if (part['status'] === 'paused') {
      this.paused = true;

      return;
    }
    this.addFiles(part['files'], batch);
    this.flowEnd = part;
    this.hasEnded = true;
    this.endOrWait(this.messageEnded, batch);
  }

  private endOrWait(hasBoth: boolean, batch: EventBatch): void {
    if (hasBoth || this.options.mode !== 'advanced-chat') this.conclude(batch);
    else this.options.onEnding();
  }

  /** @throws AppError when the run has failed, or was stopped by others */
  private conclude(batch: EventBatch): void {
    const status = this.flowEnd?.['status'];
    if (status === 'failed') throw this.failure();
    if (status === 'stopped') {
      throw new AppError('provider_truncated', `The run was stopped at ${this.options.source.host}`, {
        retryable: true,
      });
    }
    this.finishText(batch);
    this.steps.finish(batch);
    const usage = this.usage ?? this.nodeUsage ?? totalOf(this.flowEnd);
    if (usage) batch.usage(usage);
    this.finished = true;
    batch.add({ type: 'finish', finish_reason: status === 'partial-succeeded' ? 'partial' : 'stop' });
  }

  /** Outputs are the answer of a workflow that streamed none, and the truth for a run of which parts were missed. */
  private finishText(batch: EventBatch): void {
    const outputs = this.flowEnd?.['outputs'];
    if (this.options.mode === 'workflow' && this.textLength === 0) return this.append(textOfOutputs(outputs), batch);
    const answer = this.joined === null ? null : textOfOutputs(outputs);
    if (answer !== null && answer !== this.joined) this.replace(answer, batch);
  }

  private failure(): AppError {
    const message = asText(this.flowEnd?.['error']) ?? 'the run failed';
    const { source } = this.options;
    const said = errorFromEvent({ code: 'completion_request_error', message, status: 500 }, source);

    return new DifyError(said.code, said.message, undefined, { retryable: said.retryable });
  }

  private onNodeEnd(part: JsonObject, batch: EventBatch): void {
    this.addFiles(part['files'], batch);
    const spent = asObject(part['process_data'])?.['usage'] ?? asObject(part['outputs'])?.['usage'];
    const usage = usageOf(spent);
    if (usage) this.nodeUsage = addUsage(this.nodeUsage, usage);
  }

  private onForm(part: JsonObject, batch: EventBatch): void {
    const form = pendingForm(part);
    const { run } = this.options;
    if (form.token !== null && run.answered?.includes(form.token)) return;
    run.forms = [...(run.forms ?? []).filter(({ nodeId }) => nodeId !== form.nodeId), form];
    this.steps.form(part, 'paused', {}, batch);
    if (form.token === null) return this.options.onRun();
    if (isWholeForm(part)) batch.add({ type: 'input_required', form: inputForm(form.token, form.nodeId, part) });
    else this.bareForms.push(part);
    this.options.onRun();
  }

  private onFormOver(type: string, part: JsonObject, batch: EventBatch): void {
    const filled = type === 'human_input_form_filled';
    const action = asText(part['action_text']) ?? asText(part['action_id']);
    const content = asText(part['rendered_content']);
    const detail = { ...(action !== undefined && { action }), ...(content !== undefined && { content }) };
    const more = filled ? { detail } : { error: 'Nobody answered in time' };
    this.steps.form(part, filled ? 'succeeded' : 'failed', more, batch);
    this.dropForm(asText(part['node_id']) ?? '');
    this.goOn();
  }

  private dropForm(nodeId: string): void {
    const { run } = this.options;
    run.forms = (run.forms ?? []).filter((form) => form.nodeId !== nodeId);
  }

  /** It waits no more. */
  private goOn(): void {
    const { run, onRun } = this.options;
    this.paused = false;
    run.pausedAt = null;
    onRun();
  }

  private addFiles(files: unknown, batch: EventBatch): void {
    if (Array.isArray(files)) for (const file of files) this.addFile(file, batch);
  }

  private addFile(value: unknown, batch: EventBatch): void {
    const file = fileOf(value, this.options.baseUrl);
    if (!file || this.fileUrls.has(file.url)) return;
    this.fileUrls.add(file.url);
    batch.add({ type: 'file', file });
  }

  /** Every event names the run; all that is needed of it stands in the first ones. */
  private note(data: JsonObject): void {
    const { run, mode, onRun } = this.options;
    const before = JSON.stringify(run);
    run.taskId = asText(data['task_id']) ?? run.taskId;
    run.messageId = asText(data['message_id']) ?? run.messageId;
    run.conversationId = asText(data['conversation_id']) ?? run.conversationId;
    if (mode === 'workflow' || mode === 'advanced-chat') run.runId = asText(data['workflow_run_id']) ?? run.runId;
    const isFlow = mode === 'workflow' || mode === 'advanced-chat';
    this.knowsRun = run.taskId !== undefined && (!isFlow || run.runId !== undefined);
    if (JSON.stringify(run) !== before) onRun();
  }
}

/** A workflow may tell its sum only; the parts stay 0. */
function totalOf(flow: JsonObject | null): Usage | undefined {
  const total = asNumber(flow?.['total_tokens']);

  return total === undefined || total === 0 ? undefined : { input_tokens: 0, output_tokens: 0, total_tokens: total };
}
