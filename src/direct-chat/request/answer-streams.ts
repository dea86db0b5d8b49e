import { Injectable, type MessageEvent } from '@nestjs/common';
import { pollUntil } from '../../common/async/poll-until.js';
import { AppError } from '../../common/app-error.js';
import type { TerminalEvent } from '../../common/contracts/chat-event.js';
import { isTerminal as isTerminalEvent } from '../../common/contracts/chat-event.js';
import type { OpenSseSource, SseSource } from '../../infra/sse/sse-source.js';
import type { AnswerTurn } from '../../tasks/turns/answer-turn.js';
import { TaskCancelService } from '../../tasks/cancel/task-cancel.service.js';
import type { StartedAnswer } from '../../tasks/turns/idempotency.js';
import { TurnsService } from '../../tasks/turns/turns.service.js';
import { StreamWatch } from '../../executors/stream/stream-watch.js';
import type { CancelChatDto } from '../direct-chat.dto.js';
import { parseEventId, RESTATED } from '../../answer-stream/log/frames.js';
import { provenEnd, StreamLog, type StreamState } from '../../answer-stream/log/stream-log.js';
import { type OpenOptions, StreamReader } from '../../answer-stream/readers/stream-reader.js';
import { eventsOf } from '../../answer-stream/log/stream-text.js';
import { endOf, terminalOf } from '../../answer-stream/terminal-event.js';

const CANCEL_WAIT_MS = 2_000;
/**
 * Within this time an answer without a log counts as one whose run has not begun, for instance in a burst. Shorter than the
 * interval in which readers of a silent stream read the log.
 */
const FRESH_MS = 4_000;
/** How long the log may lag behind the database at the end of an answer; for ever when a process dies in between. */
const END_LAG_MS = 1_000;
const END_POLL_MS = 25;

/** Opens the streams of started answers, and cancels answers. */
@Injectable()
export class AnswerStreams {
  constructor(
    private readonly turns: TurnsService,
    private readonly reader: StreamReader,
    private readonly log: StreamLog,
    private readonly cancels: TaskCancelService,
    private readonly executorStreams: StreamWatch,
  ) {}

  /** Opens the stream of a requested answer: from its start, or after `lastEventId` when an earlier request started it. */
  async open(userId: number, answer: StartedAnswer, lastEventId?: string): Promise<OpenSseSource | null> {
    const { taskId, subtaskId, isNew } = answer;
    if (!isNew) return this.attach(userId, taskId, subtaskId, lastEventId);

    const askFrom = Date.now() + FRESH_MS;
    const hasEnded = async () => Date.now() > askFrom && (await this.hasEnded(subtaskId));

    return () => this.read(answer.hasExecutors === true, subtaskId, 0, { isNew: true, hasEnded });
  }

  /**
   * Attaches to the newest turn, or to that of any of its answers: a pipeline has one stream for all its steps.
   * @throws AppError not_found, stream_not_found
   */
  async attach(
    userId: number,
    taskId: number,
    subtaskId: number | undefined,
    lastEventId: string | undefined,
  ): Promise<OpenSseSource | null> {
    const turn = await this.turns.newestTurn(userId, taskId, subtaskId);
    const { first } = turn;
    if (!isStarted(turn)) {
      throw new AppError(
        'stream_not_found',
        `No answer of task ${taskId} was started: POST /api/direct-chat/${taskId}/stream starts it`,
      );
    }
    const cursor = parseEventId(lastEventId, first.id);
    const state = await this.stateOf(turn);
    if (state === 'expired') return this.fromDatabase(turn, cursor);
    if (state?.ended && cursor === provenEnd(state)) return null;

    return () => this.read(turn.hasExecutors, first.id, cursor, { hasEnded: () => this.hasEnded(first.id) });
  }

  /** Opens a stream. What executors answer is brought up to date once it has a reader. */
  private async read(
    hasExecutors: boolean,
    streamId: number,
    cursor: number,
    options: OpenOptions,
  ): Promise<SseSource> {
    const source = await this.reader.open(streamId, cursor, options);
    if (hasExecutors) this.executorStreams.add(streamId);

    return source;
  }

  private async hasEnded(subtaskId: number): Promise<boolean> {
    const turn = await this.turns.turnOf(subtaskId);

    return turn?.current === null;
  }

  /** Returns `expired` for an ended answer whose end is not in the log or cannot be read: the database has it. */
  private async stateOf({ first, current }: AnswerTurn): Promise<StreamState | null | 'expired'> {
    const ended = current === null;
    try {
      const read = async () => {
        const found = await this.log.state(first.id);

        return ended && found && !found.ended ? undefined : found;
      };
      const state = await pollUntil(read, { everyMs: END_POLL_MS, timeoutMs: END_LAG_MS });

      return state ?? (ended ? 'expired' : null);
    } catch {
      return ended ? 'expired' : null;
    }
  }

  private fromDatabase(turn: AnswerTurn, cursor: number): OpenSseSource | null {
    const { first, deciding, steps, hasExecutors } = turn;
    // A step that never began has no number: the stream ended with a step before it.
    // The ends of executors' answers are stored before they have a number.
    const seq = hasExecutors ? RESTATED + 2 : Math.max(...steps.map(({ terminalSeq }) => terminalSeq ?? 0), 2);
    // Beyond it are numbers of a log that was written anew: they do not prove that the client has the end.
    if (cursor === seq) return null;
    const events = endOf(first.id, deciding).map((event, index) => ({
      id: `${first.id}-${seq - 1 + index}`,
      data: JSON.stringify(event),
    }));

    return () => Promise.resolve(new StoredEvents(events));
  }

  /** Stops the newest answer and waits a moment for its end. @throws AppError not_found, task_final */
  async cancel(userId: number, taskId: number): Promise<CancelChatDto> {
    const turn = await this.turns.newestTurn(userId, taskId);
    const { first, current, deciding } = turn;
    const cursor = await this.log.state(first.id).then(
      (state) => state?.last ?? 0,
      () => 0,
    );
    await this.cancels.request(userId, taskId);
    const end = isStarted(turn) ? await this.endFrom(first.id, cursor) : await this.storedEnd(first.id);
    const ids = { task_id: taskId, subtask_id: (current ?? deciding).id };
    if (!end) return { message: 'The answer is being stopped', ...ids, status: 'CANCELLING' };
    if (end.type === 'cancelled') {
      // A pipeline may have started its next step meanwhile.
      const stopped = turn.steps.length > 1 ? await this.turns.turnOf(first.id) : null;
      if (stopped) ids.subtask_id = stopped.deciding.id;

      return { message: 'The answer was stopped', ...ids, status: 'CANCELLED', proof: end.proof };
    }
    throw new AppError('task_final', `Task ${taskId} ended before it could be stopped: nothing to cancel`);
  }

  private async endFrom(subtaskId: number, cursor: number): Promise<TerminalEvent | null> {
    const batch = await this.reader.end(subtaskId, cursor, CANCEL_WAIT_MS);

    return (batch && eventsOf(batch.text).filter(isTerminalEvent).at(-1)) ?? null;
  }

  private async storedEnd(subtaskId: number): Promise<TerminalEvent | null> {
    const turn = await this.turns.turnOf(subtaskId);

    return turn && !turn.current ? terminalOf(turn.deciding) : null;
  }
}

/** Whether a turn was started: executors may claim theirs from the beginning. */
const isStarted = ({ first }: AnswerTurn) => first.runRequestedAt !== null || first.lane !== null;

/** A source of stored events. */
class StoredEvents implements SseSource {
  ended = false;
  onReady = (): void => undefined;

  constructor(private readonly events: readonly MessageEvent[]) {}

  read(): readonly MessageEvent[] {
    this.ended = true;

    return this.events;
  }

  close(): void {
    // Nothing to release.
  }
}
