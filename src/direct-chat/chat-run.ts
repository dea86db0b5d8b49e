import { AppError } from '../common/app-error.js';
import { type ChatEvent, type FinishReason, isTerminal, type ProviderEvent, type Usage } from '../common/chat-event.js';
import type { SubtaskResult } from '../infra/database/schema.js';
import type { RunPlan } from './run-plan.js';
import { type Batch, frame } from './stream/frames.js';
import type { LiveStream } from './stream/live-stream.js';
import { type LoggedRun, LogTail, type LogWriter } from './stream/log-writer.js';
import type { Snapshot } from './stream/stream-text.js';
import type { StreamHub } from './stream/stream-hub.js';
import { TextAccumulator } from './stream/text-accumulator.js';

/** A provider that never ends must not fill the memory; no model's answer comes near this. */
const MAX_ANSWER_LENGTH = 32 * 1024 * 1024;

/** Why a run was stopped from outside; the reason of its abort signal. */
export type StopReason = { kind: 'cancel'; at: number } | { kind: 'handover' } | { kind: 'fenced' };

/**
 * One attempt at one answer: numbers its events, keeps its text, and hands every batch to the readers of this
 * process and to the log.
 */
export class ChatRun implements LoggedRun {
  readonly stream: LiveStream;
  readonly startedAt = performance.now();
  readonly tail: LogTail;
  usage: Usage | undefined;
  finishReason: FinishReason = 'stop';
  firstTokenMs: number | null = null;
  /** Known once the run may call its provider. */
  plan: RunPlan | null = null;
  private readonly content = new TextAccumulator();
  private readonly reasoning = new TextAccumulator();

  constructor(
    readonly subtaskId: number,
    readonly epoch: number,
    private seq: number,
    private readonly hub: StreamHub,
    private readonly writer: LogWriter,
    private readonly stop: (reason: StopReason) => void,
  ) {
    this.stream = hub.openLocal(subtaskId, seq, () => this.snapshot());
    this.tail = new LogTail(this);
  }

  /** The sequence number that the next event will get. */
  get nextSeq(): number {
    return this.seq + 1;
  }

  get elapsedMs(): number {
    return Math.round(performance.now() - this.startedAt);
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

  /** Sends events that are not the provider's. */
  emit(events: readonly ChatEvent[], urgent: boolean): void {
    const first = this.seq + 1;
    let text = '';
    for (const event of events) {
      this.seq += 1;
      text += frame(this.subtaskId, this.seq, event);
    }
    const type = events[0]?.type;
    const batch: Batch = {
      first,
      last: this.seq,
      text,
      terminal: isTerminal(events[events.length - 1] ?? { type: '' }),
      selfContained: type === 'reset' || type === 'resync',
    };
    this.stream.push(batch);
    this.writer.add(this.tail, batch, urgent || batch.terminal);
  }

  /** Takes over the text of an earlier attempt, in case there is no other. */
  restore({ content, reasoning }: { content: string; reasoning: string }): void {
    this.content.replace(content);
    this.reasoning.replace(reasoning);
  }

  /** Drops the text of earlier attempts: the answer starts again. */
  reset(attempt: number, reason: string): void {
    this.restore({ content: '', reasoning: '' });
    this.emit([{ type: 'reset', attempt, reason }], true);
  }

  /** Text so far, as a client has it that received everything. */
  snapshot(): Snapshot {
    return { seq: this.seq, content: this.content.toString(), reasoning: this.reasoning.toString() };
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
    const { content, reasoning } = this.snapshot();
    this.emit([{ type: 'resync', content, reasoning }], true);
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
