import { AppError } from '../../common/app-error.js';
import {
  type ChatEvent,
  type FinishEvent,
  type FinishReason,
  isTerminal,
  type LeaveEvent,
  type ProviderEvent,
  type RestartEvent,
  type StepStatus,
  type TerminalEvent,
  type Usage,
} from '../../common/chat-event.js';
import type { StopReason } from '../../common/chat-provider.js';
import type { SubtaskResult } from '../../infra/database/schema/schema.js';
import { AnswerAccumulator, answerOf } from './answer-accumulator.js';
import type { RunPlan } from '../plan/run-plan.js';
import type { ProviderRun } from './provider-runs.js';
import { endedSteps } from '../stream/answer-extras.js';
import { type FrameBatch, frame } from '../stream/frames.js';
import type { LiveStream } from '../stream/live-stream.js';
import { type LoggedRun, PendingAppend } from '../stream/pending-append.js';
import type { LogWriter } from '../stream/log-writer.js';
import { resyncOf, type Snapshot } from '../stream/stream-text.js';
import type { StreamHub } from '../stream/stream-hub.js';

/** A provider that never ends must not fill the memory; no model's answer comes near this. */
const MAX_ANSWER_LENGTH = 32 * 1024 * 1024;

/**
 * One attempt at the answers of one turn: numbers its events, keeps the text of the step that is being answered, and
 * hands every batch to the readers of this process and to the log. Most turns have one step.
 */
export class ChatRun implements LoggedRun {
  readonly stream: LiveStream;
  /** The step's. */
  startedAt = performance.now();
  readonly tail: PendingAppend;
  finishReason: FinishReason = 'stop';
  firstTokenMs: number | null = null;
  /** Known once the step's provider may be called. */
  plan: RunPlan | null = null;
  /** From 1. */
  attempt = 1;
  /** Answers of the turn that an attempt need not ask for again, as events. */
  known: readonly ChatEvent[] = [];
  /** The run on the side of the app that answers the step; null while there is none. */
  upstream: ProviderRun | null = null;
  /** The subtask that is being answered. */
  stepId: number;
  /** The subtask to which clients count the text that comes. */
  private shownId: number;
  /** Set when the app waits for a person: when to look again at the latest, in milliseconds since the epoch. */
  suspendedUntil: number | null = null;
  private readonly answer = new AnswerAccumulator();

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
    this.tail = new PendingAppend(this);
  }

  /** The sequence number that the terminal event will get. */
  get terminalSeq(): number {
    return this.shownId === this.stepId ? this.seq + 1 : this.seq + 2;
  }

  get length(): number {
    return this.answer.length;
  }

  get usage(): Usage | undefined {
    return this.answer.usage;
  }

  get elapsedMs(): number {
    return Math.round(performance.now() - this.startedAt);
  }

  /** Goes on to another step of the turn, of which nothing is known yet. */
  enter(stepId: number): void {
    if (stepId === this.stepId) return;
    this.stepId = stepId;
    this.plan = null;
    this.upstream = null;
    this.answer.clear();
    this.finishReason = 'stop';
    this.firstTokenMs = null;
    this.startedAt = performance.now();
  }

  /** Emits `start`: the step's provider is asked. @param attempt from 1 */
  begin(plan: RunPlan, attempt: number): void {
    const { taskId, subtaskId, shellType, label } = plan;
    this.plan = plan;
    this.attempt = attempt;
    this.shownId = subtaskId;
    this.emit(
      [{ type: 'start', task_id: taskId, subtask_id: subtaskId, attempt, shell_type: shellType, model: label }],
      false,
    );
  }

  /** Goes on with what was shown so far: clients see no new start. */
  resume(plan: RunPlan, attempt: number): void {
    this.plan = plan;
    this.attempt = attempt;
  }

  /** The step is answered by a run at an app. */
  connect(upstream: ProviderRun): void {
    this.upstream = upstream;
    upstream.shown = () => {
      const { content, extras } = this.answer.whole();

      return { content, steps: extras?.steps ?? [] };
    };
  }

  /** Applies and emits what a provider sent in one read. @throws AppError provider_protocol when the answer gets too long */
  accept(events: readonly ProviderEvent[]): void {
    const shown: ChatEvent[] = [];
    let urgent = false;
    for (const event of events) {
      if (isInternal(event)) {
        if (event.type === 'restart') shown.length = 0;
        this.applyInternal(event);
        continue;
      }
      this.answer.apply(event);
      if (this.firstTokenMs === null && (event.type === 'content' || event.type === 'reasoning')) {
        this.firstTokenMs = this.elapsedMs;
        urgent = true;
      }
      shown.push(event);
    }
    if (shown.length > 0) this.emit(shown, urgent);
    if (this.length <= MAX_ANSWER_LENGTH) return;
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
    const batch: FrameBatch = {
      first,
      last: this.seq,
      text,
      terminal: isTerminal(events[events.length - 1] ?? { type: '' }),
      selfContained: restarts,
    };
    this.stream.push(batch);
    this.writer.add(this.tail, batch, urgent || batch.terminal);
  }

  /** Takes over what an earlier attempt has shown, if it is the step's. @returns whether it is */
  restore(shown: Omit<Snapshot, 'seq'>): boolean {
    this.shownId = shown.subtaskId ?? this.subtaskId;
    this.answer.clear();
    if (this.shownId !== this.stepId) return false;
    this.answer.set(shown);

    return true;
  }

  /** Drops the text of earlier attempts: the turn starts again. @param known the answers that need not be asked for */
  reset(attempt: number, reason: string, known: readonly ChatEvent[] = []): void {
    this.answer.clear();
    this.emit([{ type: 'reset', attempt, reason }, ...known], true);
  }

  /** The answer ends: none of its steps goes on. */
  endSteps(status: StepStatus): void {
    const events = endedSteps(this.answer.whole().extras ?? {}, status);
    for (const event of events) this.answer.apply(event);
    if (events.length > 0) this.emit(events, false);
  }

  /** Sends the last event. Should clients take it for the end of another step, they are told which one it is. */
  end(event: TerminalEvent): void {
    if (this.shownId === this.stepId) return this.emit([event], true);
    this.emit([resyncOf(this.subtaskId, this.snapshot()), event], true, false);
  }

  /** Replaces what was shown of a step that is over. */
  correct(stepId: number, stored: SubtaskResult): void {
    this.shownId = stepId;
    this.emit([resyncOf(this.subtaskId, { ...answerOf(stored), subtaskId: stepId })], true, false);
  }

  /** The answer so far, as a client has it that received everything. */
  snapshot(): Snapshot {
    return { seq: this.seq, ...this.answer.whole(), subtaskId: this.stepId };
  }

  /** What the subtask keeps. */
  result(): SubtaskResult {
    const messageId = this.upstream?.known?.messageId;

    return { ...this.answer.result(), ...(messageId !== undefined && { message_id: messageId }) };
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

  private applyInternal(event: InternalEvent): void {
    switch (event.type) {
      case 'finish':
        this.finishReason = event.finish_reason;
        break;
      case 'leave':
        this.suspendedUntil = event.until;
        break;
      case 'restart':
        this.reset(this.attempt, event.reason, this.known);
        if (this.plan) this.begin(this.plan, this.attempt);
    }
  }
}

type InternalEvent = FinishEvent | LeaveEvent | RestartEvent;

function isInternal(event: ProviderEvent): event is InternalEvent {
  return event.type === 'finish' || event.type === 'leave' || event.type === 'restart';
}

function standsForAll(event: ChatEvent | undefined): boolean {
  return event?.type === 'reset' || event?.type === 'resync';
}
