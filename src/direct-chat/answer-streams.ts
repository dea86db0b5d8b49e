import { Injectable } from '@nestjs/common';
import { AppError } from '../common/app-error.js';
import type { ChatEvent, TerminalEvent } from '../common/chat-event.js';
import { isTerminal as isTerminalEvent } from '../common/chat-event.js';
import type { EventSource } from '../infra/http/sse.js';
import { TaskCancelService } from '../tasks/task-cancel.service.js';
import { isTerminal } from '../tasks/task-status.js';
import { type Answer, TurnsService } from '../tasks/turns.service.js';
import type { CancelChatDto } from './direct-chat.dto.js';
import type { StartedAnswer } from './direct-chat.service.js';
import { frame, parseEventId } from './stream/frames.js';
import { StreamLog, type StreamState } from './stream/stream-log.js';
import { StreamReader } from './stream/stream-reader.js';
import { eventsOf } from './stream/stream-text.js';
import { terminalOf } from './terminal-event.js';

const CANCEL_WAIT_MS = 2_000;

/** How to read an answer; null when the caller has all of it already. */
export type AnswerSource = (() => Promise<EventSource>) | null;

/** Reading answers that were started, and stopping them. */
@Injectable()
export class AnswerStreams {
  constructor(
    private readonly turns: TurnsService,
    private readonly reader: StreamReader,
    private readonly log: StreamLog,
    private readonly cancels: TaskCancelService,
  ) {}

  /** An answer that was asked for: a new one from its start, one that the request's key has found from where it says. */
  async open(userId: number, answer: StartedAnswer, lastEventId?: string): Promise<AnswerSource> {
    const { taskId, subtaskId, isNew } = answer;
    if (!isNew) return this.attach(userId, taskId, subtaskId, lastEventId);

    return () => this.reader.open(subtaskId, 0, true);
  }

  /** @throws AppError not_found, stream_not_found */
  async attach(
    userId: number,
    taskId: number,
    subtaskId: number | undefined,
    lastEventId: string | undefined,
  ): Promise<AnswerSource> {
    const { subtask } = await this.turns.newestAnswer(userId, taskId, subtaskId);
    if (!subtask.runRequestedAt) {
      throw new AppError(
        'stream_not_found',
        `No answer of task ${taskId} was started: POST /api/direct-chat/${taskId}/stream starts it`,
      );
    }
    const cursor = parseEventId(lastEventId, subtask.id);
    const state = await this.stateOf(subtask);
    if (state === 'gone') return this.fromDatabase(subtask, cursor);
    if (state?.ended && cursor === state.last) return null;

    return () => this.reader.open(subtask.id, cursor);
  }

  /** `gone`: the answer has ended and its log has expired, or Redis is away: the database tells it. */
  private async stateOf(subtask: Answer['subtask']): Promise<StreamState | null | 'gone'> {
    const ended = isTerminal(subtask.status);
    try {
      return (await this.log.state(subtask.id)) ?? (ended ? 'gone' : null);
    } catch {
      return ended ? 'gone' : null;
    }
  }

  private fromDatabase(subtask: Answer['subtask'], cursor: number): AnswerSource {
    const seq = Math.max(subtask.terminalSeq ?? 2, 2);
    if (cursor >= seq) return null;
    const { value = '', reasoning = '' } = subtask.result ?? {};
    const events: ChatEvent[] = [{ type: 'resync', content: value, reasoning }, terminalOf(subtask)];
    const text = events.map((event, index) => frame(subtask.id, seq - 1 + index, event)).join('');

    return () => Promise.resolve(new WholeText(text));
  }

  /** Stops the newest answer and waits a moment for its end. @throws AppError not_found, task_final */
  async cancel(userId: number, taskId: number): Promise<CancelChatDto> {
    const { subtask } = await this.turns.newestAnswer(userId, taskId);
    const cursor = await this.log.state(subtask.id).then(
      (state) => state?.last ?? 0,
      () => 0,
    );
    const ids = { task_id: taskId, subtask_id: subtask.id };
    await this.cancels.request(userId, taskId);
    const end = subtask.runRequestedAt ? await this.endOf(subtask.id, cursor) : await this.storedEnd(subtask.id);
    if (!end) return { message: 'The answer is being stopped', ...ids, status: 'CANCELLING' };
    if (end.type === 'cancelled')
      return { message: 'The answer was stopped', ...ids, status: 'CANCELLED', proof: end.proof };
    throw new AppError('task_final', `Task ${taskId} ended before it could be stopped: nothing to cancel`);
  }

  private async endOf(subtaskId: number, cursor: number): Promise<TerminalEvent | null> {
    const batch = await this.reader.end(subtaskId, cursor, CANCEL_WAIT_MS);

    return (batch && eventsOf(batch.text).filter(isTerminalEvent).at(-1)) ?? null;
  }

  private async storedEnd(subtaskId: number): Promise<TerminalEvent | null> {
    const answer = await this.turns.find(subtaskId);

    return answer && isTerminal(answer.subtask.status) ? terminalOf(answer.subtask) : null;
  }
}

/** A source of one piece. */
class WholeText implements EventSource {
  ended = false;
  onReady = (): void => undefined;

  constructor(private readonly text: string) {}

  take(): { text: string } {
    this.ended = true;

    return { text: this.text };
  }

  close(): void {
    // Nothing is held.
  }
}
