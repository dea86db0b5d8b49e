import { Injectable } from '@nestjs/common';
import { isTerminal, type TerminalEvent } from '../../common/chat-event.js';
import { TaskUpdatesService } from '../../tasks/status/task-updates.service.js';
import type { TaskUpdate } from '../../tasks/tasks.jobs.js';
import { resultOf } from './answer-accumulator.js';
import { StreamLog } from '../stream/stream-log.js';

const STATUS: Record<TerminalEvent['type'], TaskUpdate['status']> = {
  done: 'COMPLETED',
  error: 'FAILED',
  cancelled: 'CANCELLED',
};

/** Brings the end that a stream's log has into the database, should its report have been lost. */
@Injectable()
export class LoggedEndRecovery {
  constructor(
    private readonly log: StreamLog,
    private readonly updates: TaskUpdatesService,
  ) {}

  /** @param streamId the first subtask of the turn @returns whether the stream has ended */
  async report(streamId: number): Promise<boolean> {
    const state = await this.log.state(streamId);
    if (!state?.ended) return false;
    const text = await this.log.text(streamId);
    const { last, subtaskId } = text;
    if (!last || !isTerminal(last)) return false;
    await this.updates.enqueue({
      subtaskId: subtaskId ?? streamId,
      status: STATUS[last.type],
      result: resultOf(text),
      ...(last.type === 'error' && { errorMessage: last.error }),
      terminal: { event: last, seq: state.last },
    });

    return true;
  }
}
