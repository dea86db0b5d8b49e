import {
  type ChatEvent,
  type FinishEvent,
  type FinishReason,
  isTerminal,
  type ProviderEvent,
  type RestartEvent,
  type StepStatus,
  type SuspendEvent,
  type TerminalEvent,
  type Usage,
} from '../../common/contracts/chat-event.js';
import type { StopReason } from '../../common/contracts/chat-provider.js';
import type { SubtaskResult } from '../../infra/database/schema/schema.js';
import { AnswerAccumulator } from '../../answer-stream/answer-accumulator.js';
import type { WholeAnswer } from '../../answer-stream/stored-answer.js';
import type { RunPlan } from '../plan/run-plan.js';
import type { ProviderRun } from './provider-runs.js';
import { endedSteps } from '../../answer-stream/log/answer-extras.js';
import type { LiveStream } from '../../answer-stream/readers/live-stream.js';
import type { LoggedRun, PendingAppend } from '../../answer-stream/log/pending-append.js';
import type { LogWriter } from '../../answer-stream/log/log-writer.js';
import type { BegunLog, LogOwner } from '../../answer-stream/log/stream-log.js';
import { laterAttempt, resyncOf, type Snapshot } from '../../answer-stream/log/stream-text.js';
import type { StreamHub } from '../../answer-stream/readers/stream-hub.js';
import { RunEvents } from './run-events.js';
import { UsageMeter, withCost } from './usage-cost.js';

/** One attempt at the answers of one turn: keeps the text of the current step, and publishes it as events. Most turns have one step. */
export class ChatRun implements LoggedRun {
  /** Start of the step. */
  startedAt = performance.now();
  finishReason: FinishReason = 'stop';
  firstTokenMs: number | null = null;
  /** Plan of the step; null until its provider is called. */
  plan: RunPlan | null = null;
  /** From 1. */
  attempt = 1;
  /** Stored answers of the turn's earlier steps, as events. */
  known: readonly ChatEvent[] = [];
  /** The run on the side of the app that answers the step; null while there is none. */
  upstream: ProviderRun | null = null;
  /** The subtask that is being answered. */
  stepId: number;
  /** The subtask to which clients append the text that they receive. */
  private shownId: number;
  /** The attempt that began the text that clients have. */
  private shownAttempt = 1;
  /** Set when the app waits for a person: when to resume at the latest, in milliseconds since the epoch. */
  suspendedUntil: number | null = null;
  /** Counts the tokens of the step. */
  readonly meter = new UsageMeter();
  private readonly answer: AnswerAccumulator;
  private readonly events: RunEvents;
  /** What the log needs when it has lost all before the end; null until then. */
  private ending: [ChatEvent, ...ChatEvent[]] | null = null;

  constructor(
    /** First subtask of the turn, which names the stream. */
    readonly subtaskId: number,
    readonly log: BegunLog,
    hub: StreamHub,
    writer: LogWriter,
    private readonly stop: (reason: StopReason) => void,
    maxAnswerBytes: number,
  ) {
    this.answer = new AnswerAccumulator(maxAnswerBytes);
    this.stepId = subtaskId;
    this.shownId = subtaskId;
    this.events = new RunEvents(subtaskId, log, hub, writer, this);
  }

  get stream(): LiveStream {
    return this.events.stream;
  }

  get owner(): LogOwner {
    return this.events.owner;
  }

  /** What is not in the log yet. */
  get tail(): PendingAppend {
    return this.events.tail;
  }

  /** Number of the newest event. */
  get last(): number {
    return this.events.last;
  }

  /** The sequence number that the terminal event will get; of a restarted answer the one with which it is stated again. */
  get terminalSeq(): number {
    return this.events.numberOfEnd(this.shownId === this.stepId ? 0 : 1);
  }

  get length(): number {
    return this.answer.length;
  }

  get usage(): Usage | undefined {
    return this.answer.usage ?? this.meter.current;
  }

  get elapsedMs(): number {
    return Math.round(performance.now() - this.startedAt);
  }

  /** Continues with another step of the turn, without any text or plan. */
  enter(stepId: number): void {
    if (stepId === this.stepId) return;
    this.stepId = stepId;
    this.plan = null;
    this.meter.restart();
    this.upstream = null;
    this.answer.clear();
    this.finishReason = 'stop';
    this.firstTokenMs = null;
    this.startedAt = performance.now();
  }

  /** Emits `start`: the step's provider is asked. @param attempt from 1 */
  begin(plan: RunPlan, attempt: number): void {
    const { taskId, subtaskId, shellType, label } = plan;
    this.resume(plan, attempt);
    this.shownAttempt = attempt;
    this.shownId = subtaskId;
    this.emit(
      [{ type: 'start', task_id: taskId, subtask_id: subtaskId, attempt, shell_type: shellType, model: label }],
      false,
    );
  }

  /** Continues the text that clients have: they receive no new start. */
  resume(plan: RunPlan, attempt: number): void {
    this.plan = plan;
    this.attempt = attempt;
    this.meter.restart(plan.model?.parameters.prices);
  }

  /** Links the step to the run of an app that answers it. */
  connect(upstream: ProviderRun): void {
    this.upstream = upstream;
    upstream.shown = () => {
      const { content, extras } = this.answer.whole();

      return { content, steps: extras?.steps ?? [] };
    };
  }

  /**
   * Applies and emits the events of one read from a provider.
   * @returns whether more may follow; not when the answer has all the text that it may have
   */
  accept(events: readonly ProviderEvent[]): boolean {
    const shown: ChatEvent[] = [];
    let urgent = false;
    for (const given of events) {
      if (isInternal(given)) {
        if (given.type === 'restart') shown.length = 0;
        this.applyInternal(given);
        continue;
      }
      const event = withCost(this.answer.fit(given), this.meter.prices);
      this.answer.apply(event);
      if (this.firstTokenMs === null && (event.type === 'content' || event.type === 'reasoning')) {
        this.firstTokenMs = this.elapsedMs;
        urgent = true;
      }
      shown.push(event);
      if (this.answer.isFull) break;
    }
    if (shown.length > 0) this.emit(shown, urgent);
    if (this.answer.isFull) this.finishReason = 'length';

    return !this.answer.isFull;
  }

  /** Emits events. @param restarts whether the first one replaces everything before it */
  emit(events: readonly ChatEvent[], urgent: boolean, restarts?: boolean): void {
    const last = events[events.length - 1];
    if (last && isTerminal(last)) this.ending = events[0]?.type === 'resync' ? [events[0], last] : [this.whole(), last];
    this.events.publish(events, urgent, restarts);
  }

  /** Restores the text that an earlier attempt has shown. @returns whether it belongs to the current step */
  restore(shown: Omit<Snapshot, 'seq'>): boolean {
    this.shownId = shown.subtaskId ?? this.subtaskId;
    this.shownAttempt = shown.attempt ?? 1;
    this.answer.clear();
    if (this.shownId !== this.stepId) return false;
    this.answer.set(shown);

    return true;
  }

  /** Discards the text of earlier attempts: the turn starts again. @param known answers that are already stored */
  reset(attempt: number, reason: string, known: readonly ChatEvent[] = []): void {
    this.events.restart();
    this.shownAttempt = attempt;
    this.answer.clear();
    this.emit([{ type: 'reset', attempt, reason }, ...known], true);
  }

  /** Ends the unfinished steps of the answer's app with a status. */
  endSteps(status: StepStatus): void {
    const events = endedSteps(this.answer.whole().extras ?? {}, status);
    for (const event of events) this.answer.apply(event);
    if (events.length > 0) this.emit(events, false);
  }

  /** Emits the last event; before it, a `resync` when clients have the text of another step. */
  end(event: TerminalEvent): void {
    if (this.shownId === this.stepId) return this.emit([event], true);
    this.emit([this.whole(), event], true, false);
  }

  /** Emits what clients miss of ended steps. */
  show(events: readonly ChatEvent[]): void {
    if (events.length > 0) this.emit(events, false, false);
  }

  /** Replaces the text of an ended step by the stored one. */
  correct(stepId: number, stored: WholeAnswer): void {
    this.shownId = stepId;
    this.emit([resyncOf(this.subtaskId, { ...stored, subtaskId: stepId })], true, false);
  }

  /** Returns the answer so far, as a client has it that received every event. */
  snapshot(): Snapshot {
    return { seq: this.last, ...this.answer.whole(), subtaskId: this.stepId, ...laterAttempt(this.shownAttempt) };
  }

  /** Returns the event that replaces all before it. */
  private whole(): ChatEvent {
    return resyncOf(this.subtaskId, this.snapshot());
  }

  /** Returns the answer so far, as the subtask stores it. */
  result(): SubtaskResult {
    const messageId = this.upstream?.known?.messageId;
    const extra = {
      ...(this.usage && { usage: this.usage }),
      ...(messageId !== undefined && { message_id: messageId }),
    };

    return { ...this.answer.result(), ...extra };
  }

  repair(): void {
    this.shownId = this.stepId;
    this.emit(this.ending ?? [this.whole()], true);
  }

  fenced(): void {
    this.stream.rewind();
    this.stop({ kind: 'fenced' });
  }

  /** Detaches from the readers. Pending events are still written to the log. */
  close(): void {
    this.events.close();
  }

  private applyInternal(event: InternalEvent): void {
    switch (event.type) {
      case 'finish':
        this.finishReason = event.finish_reason;
        break;
      case 'suspend':
        this.suspendedUntil = event.until;
        break;
      case 'restart':
        this.reset(this.attempt, event.reason, this.known);
        if (this.plan) this.begin(this.plan, this.attempt);
    }
  }
}

type InternalEvent = FinishEvent | RestartEvent | SuspendEvent;

function isInternal(event: ProviderEvent): event is InternalEvent {
  return event.type === 'finish' || event.type === 'suspend' || event.type === 'restart';
}
