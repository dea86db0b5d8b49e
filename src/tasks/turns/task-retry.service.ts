import { Injectable, Logger } from '@nestjs/common';
import type { RunChoice } from '../backends/answer-backend.js';
import { AnswerBackends } from '../backends/answer-backends.js';
import type { SubtaskRow } from './turns.repository.js';
import { type TurnRequest, TurnsService } from './turns.service.js';

/** Runs turns again that failed or were cancelled. */
@Injectable()
export class TaskRetryService {
  private readonly log = new Logger(TaskRetryService.name);

  constructor(
    private readonly turns: TurnsService,
    private readonly backends: AnswerBackends,
  ) {}

  /**
   * Asks the question of the task's newest turn again, as a new turn of the same team (with its bots of today, for the
   * case that one of them was the reason), with the task's settings, and starts it. Of two calls at once one is refused.
   * @throws AppError not_found, conflict when the turn has not failed, task_busy when it runs, and what may be wrong
   * with starting a run
   */
  async retry(userId: number, taskId: number): Promise<void> {
    const { task, first } = await this.turns.newestTurn(userId, taskId);
    const { prompt, title } = await this.turns.questionOf(first);
    const team = await this.turns.teamFor(userId, { team_id: first.teamId });
    const turn: TurnRequest = { userId, taskId, team, prompt, title, isRetry: true };
    await this.backends.forTeam(team).start(turn, choiceOf(first), task);
    this.log.log(`task ${taskId}: its turn that was ${task.status} runs again`);
  }
}

function choiceOf({ runModel, runPrompt, runInputs, runFiles }: SubtaskRow): RunChoice {
  return { modelId: runModel, prompt: runPrompt, inputs: runInputs, files: runFiles };
}
