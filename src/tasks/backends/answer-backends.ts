import { Injectable } from '@nestjs/common';
import { AppError } from '../../common/app-error.js';
import type { ResolvedTeam } from '../../teams/resolved-teams.js';
import type { AnswerInspection, Findings } from '../diagnosis/findings.js';
import type { Hint } from '../diagnosis/hints.js';
import type { AppliedUpdate } from '../status/apply-reports.js';
import type { SubtaskRow, TaskRow } from '../turns/answer-turn.js';
import type { RunChoice, StoredTurn } from '../turns/new-turn.js';
import type { TurnRequest } from '../turns/turns.service.js';

/** The model of a task, for bots that bind none or for all. */
export type ModelChoice = Pick<TaskRow, 'modelId' | 'forceOverrideBotModel'>;

/** What runs answers: direct chat, or the executors. Tasks know their backends by this contract only. */
export interface AnswerBackend {
  /** Whether this backend starts the turns of a team: that of executors if they give all answers. */
  handlesTeam(team: ResolvedTeam): boolean;
  /** Whether this backend runs an answer, or has it in its queue; not while that waits for the step before it. */
  handles(subtask: SubtaskRow): boolean;
  /**
   * Stores a turn and starts its answer.
   * @param task whose choice of a model applies where the request makes none
   * @throws AppError when there is no room for the answer now, or its team cannot answer
   */
  start(turn: TurnRequest, choice: RunChoice, task: ModelChoice): Promise<Pick<StoredTurn, 'taskId' | 'subtaskId'>>;
  /**
   * Asks the run of an answer to stop; called again until the answer has ended.
   * @param requestedAt milliseconds since the epoch
   * @param force the deadline has passed: end the answer without its run
   */
  cancel(subtask: SubtaskRow, requestedAt: number, force: boolean): Promise<void>;
  /** Returns what is known about an answer that has not ended. @throws when Redis is unreachable */
  inspect(inspection: AnswerInspection): Promise<Findings>;
  /** Receives reports that were applied or ignored, after the commit. Returns at once and never throws. */
  reported?(reports: readonly AppliedUpdate[]): void;
  /** Returns what is to be said about a task whose newest turn has ended, besides its state. */
  hintsAfterEnd?(taskId: number): Promise<Hint[]>;
  /**
   * Releases what the backend keeps for a task elsewhere. Called before the task is marked as deleted, and again when
   * the deletion is repeated, so that nothing is left over when the process dies in between.
   * @throws AppError when that cannot be done now: the task is not deleted then
   */
  beforeDelete?(taskId: number): Promise<void>;
}

/** The registry of {@link AnswerBackend}s. Each registers itself when its module is initialized. */
@Injectable()
export class AnswerBackends {
  private readonly backends: AnswerBackend[] = [];

  /** Adds a backend; called once, at the start of the application. */
  register(backend: AnswerBackend): void {
    this.backends.push(backend);
  }

  /** Returns the backend that runs an answer; undefined when none does, so that it may be ended at once. */
  find(subtask: SubtaskRow): AnswerBackend | undefined {
    return this.backends.find((backend) => backend.handles(subtask));
  }

  /** Returns the backend that answers for a team. @throws AppError conflict when there is none */
  forTeam(team: ResolvedTeam): AnswerBackend {
    const found = this.backends.find((backend) => backend.handlesTeam(team));
    if (!found) throw new AppError('conflict', `Nothing here answers for team "${team.name}"`);

    return found;
  }

  /** Passes reports on to all backends, after their commit. */
  reported(reports: readonly AppliedUpdate[]): void {
    for (const backend of this.backends) backend.reported?.(reports);
  }

  /** Returns what the backends have to say about a task whose newest turn has ended. */
  async hintsAfterEnd(taskId: number): Promise<Hint[]> {
    const hints: Hint[] = [];
    for (const backend of this.backends) hints.push(...((await backend.hintsAfterEnd?.(taskId)) ?? []));

    return hints;
  }

  /** Lets all backends release what they keep for a task. @throws AppError when one of them cannot */
  async beforeDelete(taskId: number): Promise<void> {
    for (const backend of this.backends) await backend.beforeDelete?.(taskId);
  }
}
