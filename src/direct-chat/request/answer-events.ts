import { Injectable } from '@nestjs/common';
import type { ChatEvent } from '../../common/contracts/chat-event.js';
import { StreamWatch } from '../../executors/stream/stream-watch.js';
import { isUnfinished, type SubtaskRow } from '../../tasks/turns/answer-turn.js';
import { answerOf } from '../../answer-stream/stored-answer.js';
import { endOf } from '../../answer-stream/terminal-event.js';
import { batchAfter } from '../../answer-stream/log/frames.js';
import { StreamLog } from '../../answer-stream/log/stream-log.js';
import { eventsOf, resyncOf } from '../../answer-stream/log/stream-text.js';

/** An event of an answer; `id` as in its stream, null when it was made of what is stored. */
export interface AnswerEventRecord {
  id: string | null;
  event: ChatEvent;
}

/** Reads the events of answers: those of the log while it lives, else what the database has. */
@Injectable()
export class AnswerEvents {
  constructor(
    private readonly log: StreamLog,
    private readonly executorStreams: StreamWatch,
  ) {}

  /**
   * Reads the events of one turn so far, without waiting for more.
   * @param steps the answers of the turn, at least one
   */
  async *of(steps: readonly [SubtaskRow, ...SubtaskRow[]]): AsyncGenerator<AnswerEventRecord> {
    const [first] = steps;
    // Progress of executors is in the log only while it is read.
    if (steps.some(({ lane }) => lane !== null)) await this.executorStreams.refresh(first.id);
    const hasEnded = !steps.some(({ status }) => isUnfinished(status));
    if (await this.isLogged(first.id, hasEnded)) yield* this.logged(first.id);
    else for (const step of steps) yield* stored(first.id, step);
  }

  /** Whether the log has all that the database has; not while Redis is away. */
  private async isLogged(streamId: number, hasEnded: boolean): Promise<boolean> {
    const state = await this.log.state(streamId).catch(() => null);

    return state !== null && (state.ended || !hasEnded);
  }

  /** @throws when Redis fails meanwhile */
  private async *logged(streamId: number): AsyncGenerator<AnswerEventRecord> {
    const snapshot = await this.log.readSnapshot(streamId);
    let cursor = snapshot?.seq ?? 0;
    if (snapshot) yield { id: `${streamId}-${cursor}`, event: resyncOf(streamId, snapshot) };
    for (;;) {
      const batch = await this.log.read(streamId, cursor);
      if (!batch) return;
      const rest = batchAfter(batch, cursor) ?? batch;
      for (const [index, event] of eventsOf(rest.text).entries())
        yield { id: `${streamId}-${rest.first + index}`, event };
      cursor = batch.last;
    }
  }
}

function stored(streamId: number, step: SubtaskRow): AnswerEventRecord[] {
  const events = isUnfinished(step.status)
    ? [resyncOf(streamId, { ...answerOf(step), subtaskId: step.id })]
    : endOf(streamId, step);

  return events.map((event) => ({ id: null, event }));
}
