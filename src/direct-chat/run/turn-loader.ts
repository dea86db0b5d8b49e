import { Injectable } from '@nestjs/common';
import { pollUntil } from '../../common/async/poll-until.js';
import { AppError } from '../../common/app-error.js';
import { type AnswerTurn, isUnfinished, type SubtaskRow } from '../../tasks/turns/answer-turn.js';
import { TurnsService } from '../../tasks/turns/turns.service.js';
import { DATABASE_PATIENCE_MS, readPatiently } from './read-patiently.js';

const NEXT_STEP_POLL_MS = 250;

/** Loads turns for runs, and waits while the database is unreachable. */
@Injectable()
export class TurnLoader {
  constructor(private readonly turns: TurnsService) {}

  /** Returns the turn of a subtask; null when it is deleted. @throws when the database is unreachable for a minute, or `signal` aborts */
  load(subtaskId: number, signal: AbortSignal): Promise<AnswerTurn | null> {
    return readPatiently(() => this.turns.turnOf(subtaskId), signal);
  }

  /**
   * Returns the turn of a step once the database has the end of the step before it.
   * @throws AppError service_unavailable after a minute
   */
  async loadNextStep(stepId: number, signal: AbortSignal): Promise<AnswerTurn | null> {
    const load = async () => {
      const turn = await this.load(stepId, signal);
      const step = turn?.step(stepId);

      return !step || isNext(step) || !isUnfinished(step.status) ? turn : undefined;
    };
    const turn = await pollUntil(load, { everyMs: NEXT_STEP_POLL_MS, timeoutMs: DATABASE_PATIENCE_MS, signal });
    if (turn !== undefined) return turn;
    throw new AppError('service_unavailable', 'The end of the step before could not be stored: try again', {
      retryable: true,
    });
  }
}

/** Whether the step before is stored as complete: a direct chat is requested then, and executors may claim theirs. */
const isNext = ({ runRequestedAt, fairRank }: SubtaskRow) => runRequestedAt !== null || fairRank !== null;
