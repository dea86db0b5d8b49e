import { type ChatEvent, isTerminal } from '../../common/contracts/chat-event.js';
import { type FrameBatch, frame, RESTATED } from '../../answer-stream/log/frames.js';
import type { LogWriter } from '../../answer-stream/log/log-writer.js';
import { type LoggedRun, PendingAppend } from '../../answer-stream/log/pending-append.js';
import type { BegunLog, LogOwner } from '../../answer-stream/log/stream-log.js';
import type { LiveStream } from '../../answer-stream/readers/live-stream.js';
import type { StreamHub } from '../../answer-stream/readers/stream-hub.js';

/** Numbers the events of a run, and publishes every batch to the readers of this process and to the log. */
export class RunEvents {
  readonly stream: LiveStream;
  readonly owner: LogOwner;
  readonly tail: PendingAppend;
  private seq: number;
  /** Whether another owner may have sent events that are not in the log. */
  private isRestarted: boolean;

  /** @param run whose events they are; not used before the first one */
  constructor(
    /** First subtask of the turn, which names the stream. */
    private readonly subtaskId: number,
    { owner, last, isRestarted }: BegunLog,
    private readonly hub: StreamHub,
    private readonly writer: LogWriter,
    run: LoggedRun,
  ) {
    this.owner = owner;
    this.seq = last;
    this.isRestarted = isRestarted;
    this.stream = hub.openLocal(subtaskId, { born: owner.born, last, snapshot: () => run.snapshot() });
    this.tail = new PendingAppend(run);
  }

  /** Number of the newest event. */
  get last(): number {
    return this.seq;
  }

  /** The events start again: those before are worth nothing to clients. */
  restart(): void {
    this.isRestarted = true;
  }

  /** Returns the number of an end; of restarted events the one with which it is stated again. @param before events that go before it */
  numberOfEnd(before: number): number {
    const seq = this.seq + before + 1;

    return this.isRestarted ? RESTATED + seq : seq;
  }

  /** Publishes events. @param restarts whether the first one replaces everything before it */
  publish(events: readonly ChatEvent[], urgent: boolean, restarts = standsForAll(events[0])): void {
    const first = this.seq + 1;
    const last = events[events.length - 1];
    const terminal = last !== undefined && isTerminal(last);
    let text = '';
    for (const event of events) {
      this.seq += 1;
      text += frame(this.subtaskId, this.seq, event);
    }
    const batch: FrameBatch = { first, last: this.seq, text, terminal, selfContained: restarts };
    this.stream.push(batch);
    this.writer.add(this.tail, batch, urgent || terminal);
  }

  /** Detaches from the readers. Pending events are still written to the log. */
  close(): void {
    this.hub.closeLocal(this.stream);
  }
}

function standsForAll(event: ChatEvent | undefined): boolean {
  return event?.type === 'reset' || event?.type === 'resync';
}
