import { AppError } from '../common/app-error.js';
import {
  type ChatEvent,
  type FinishReason,
  isTerminal,
  type ProviderEvent,
  type TerminalEvent,
  type Usage,
} from '../common/chat-event.js';
import type { SubtaskResult } from '../infra/database/schema.js';
import type { RunPlan } from './run-plan.js';
import { type Batch, frame } from './stream/frames.js';
import type { LiveStream } from './stream/live-stream.js';
import { type LoggedRun, LogTail, type LogWriter } from './stream/log-writer.js';
import { resyncOf, type Snapshot } from './stream/stream-text.js';
import type { StreamHub } from './stream/stream-hub.js';
import { TextAccumulator } from './stream/text-accumulator.js';

/** A provider that never ends must not fill the memory; no model's answer comes near this. */
const MAX_ANSWER_LENGTH = 32 * 1024 * 1024;

/** Why a run was stopped from outside; the reason of its abort signal. */
export type StopReason = { kind: 'cancel'; at: number } | { kind: 'handover' } | { kind: 'fenced' };

/**
 * One attempt at the answers of one turn: numbers its events, keeps the text of the step that is being answered, and
 * hands every batch to the readers of this process and to the log. Most turns have one step.
 */
export class ChatRun implements LoggedRun {
  readonly stream: LiveStream;
  /** The step's. */
  startedAt = performance.now();
  readonly tail: LogTail;
  usage: Usage | undefined;
  finishReason: FinishReason = 'stop';
  firstTokenMs: number | null = null;
  /** Known once the step's provider may be called. */
  plan: RunPlan | null = null;
  /** The subtask that is being answered. */
  stepId: number;
  /** The subtask to which clients count the text that comes. */
  private shownId: number;
  private readonly content = new TextAccumulator();
  private readonly reasoning = new TextAccumulator();

  constructor(
    /** The turn's first, which the stream is named by. */
    readonly subtaskId: number,
    readonly epoch: number,
    private seq: number,
    private readonly hub: StreamHub,
    private readonly writer: LogWriter,
    private readonly stop: (reason: StopReason) => void,
  ) {
    this.stepId = subtaskId;
    this.shownId = subtaskId;
    this.stream = hub.openLocal(subtaskId, seq, () => this.snapshot());
    this.tail = new LogTail(this);
  }

  /** The sequence number that the terminal event will get. */
  get terminalSeq(): number {
    return this.shownId === this.stepId ? this.seq + 1 : this.seq + 2;
  }

  get elapsedMs(): number {
    return Math.round(performance.now() - this.startedAt);
  }

  /** Goes on to another step of the turn, of which nothing is known yet. */
  enter(stepId: number): void {
    if (stepId === this.stepId) return;
    this.stepId = stepId;
    this.plan = null;
    this.content.replace('');
    this.reasoning.replace('');
    this.usage = undefined;
    this.finishReason = 'stop';
    this.firstTokenMs = null;
    this.startedAt = performance.now();
  }

  /** Tells that the step's provider is asked. @param attempt from 1 */
  begin(plan: RunPlan, attempt: number): void {
    const { taskId, subtaskId, shellType, model } = plan;
    this.plan = plan;
    this.shownId = subtaskId;
    this.emit(
      [{ type: 'start', task_id: taskId, subtask_id: subtaskId, attempt, shell_type: shellType, model: model.name }],
      false,
    );
  }

  /** Takes what a provider brought in one read. @throws AppError provider_protocol when the answer gets too long */
  accept(events: readonly ProviderEvent[]): void {
    const shown: ChatEvent[] = [];
    let urgent = false;
    for (const event of events) {
      if (event.type === 'finish') {
        this.finishReason = event.finish_reason;
        continue;
      }
      this.remember(event);
      if (this.firstTokenMs === null && (event.type === 'content' || event.type === 'reasoning')) {
        this.firstTokenMs = this.elapsedMs;
        urgent = true;
      }
      shown.push(event);
    }
    if (shown.length > 0) this.emit(shown, urgent);
    if (this.content.length + this.reasoning.length <= MAX_ANSWER_LENGTH) return;
    throw new AppError(
      'provider_protocol',
      `The provider sent an answer of more than ${MAX_ANSWER_LENGTH / 1024 / 1024} Mi characters`,
    );
  }

  /** Sends events that are not the provider's. @param restarts the first one stands for everything before it */
  emit(events: readonly ChatEvent[], urgent: boolean, restarts = standsForAll(events[0])): void {
    const first = this.seq + 1;
    let text = '';
    for (const event of events) {
      this.seq += 1;
      text += frame(this.subtaskId, this.seq, event);
    }
    const batch: Batch = {
      first,
      last: this.seq,
      text,
      terminal: isTerminal(events[events.length - 1] ?? { type: '' }),
      selfContained: restarts,
    };
    this.stream.push(batch);
    this.writer.add(this.tail, batch, urgent || batch.terminal);
  }

  /** Takes over the text of an earlier attempt, if it is the step's, in case there is no other. */
  restore({ content, reasoning, subtaskId }: Omit<Snapshot, 'seq'>): void {
    this.shownId = subtaskId ?? this.subtaskId;
    const isOfStep = this.shownId === this.stepId;
    this.content.replace(isOfStep ? content : '');
    this.reasoning.replace(isOfStep ? reasoning : '');
  }

  /** Drops the text of earlier attempts: the turn starts again. @param known the answers that need not be asked for */
  reset(attempt: number, reason: string, known: readonly ChatEvent[] = []): void {
    this.content.replace('');
    this.reasoning.replace('');
    this.emit([{ type: 'reset', attempt, reason }, ...known], true);
  }

  /** Sends the last event. Should clients take it for the end of another step, they are told which one it is. */
  end(event: TerminalEvent): void {
    if (this.shownId === this.stepId) return this.emit([event], true);
    this.emit([resyncOf(this.subtaskId, this.snapshot()), event], true, false);
  }

  /** Replaces the text of a step that is over. */
  correct(stepId: number, content: string, reasoning: string): void {
    this.shownId = stepId;
    this.emit([resyncOf(this.subtaskId, { content, reasoning, subtaskId: stepId })], true, false);
  }

  /** Text so far, as a client has it that received everything. */
  snapshot(): Snapshot {
    const { seq, stepId: subtaskId } = this;

    return { seq, content: this.content.toString(), reasoning: this.reasoning.toString(), subtaskId };
  }

  /** What the subtask keeps. */
  result(): SubtaskResult {
    const reasoning = this.reasoning.toString();

    return {
      value: this.content.toString(),
      ...(reasoning !== '' && { reasoning }),
      ...(this.usage && { usage: this.usage }),
    };
  }

  repair(): void {
    this.shownId = this.stepId;
    this.emit([resyncOf(this.subtaskId, this.snapshot())], true);
  }

  fenced(): void {
    this.stream.rewind();
    this.stop({ kind: 'fenced' });
  }

  /** Detaches from readers and log. The log goes on being written until it has everything. */
  close(): void {
    this.hub.closeLocal(this.stream);
  }

  private remember(event: Exclude<ProviderEvent, { type: 'finish' }>): void {
    switch (event.type) {
      case 'content':
        return this.content.append(event.content);
      case 'reasoning':
        return this.reasoning.append(event.content);
      case 'replace':
        return this.content.replace(event.content);
      case 'usage': {
        const { type: _type, ...usage } = event;
        this.usage = usage;
      }
    }
  }
}

function standsForAll(event: ChatEvent | undefined): boolean {
  return event?.type === 'reset' || event?.type === 'resync';
}
