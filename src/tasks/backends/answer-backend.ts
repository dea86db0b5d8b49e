import type { DifyFile } from '../../common/dify.js';
import type { JsonObject } from '../../common/json.js';
import type { ResolvedTeam } from '../../teams/resolved-teams.js';
import type { AnswerInspection, Findings } from '../diagnosis/findings.js';
import type { SubtaskRow, TaskRow } from '../turns/turns.repository.js';
import type { TurnRequest } from '../turns/turns.service.js';

/** What the request of an answer chose besides its team. */
export interface RunChoice {
  /** Name of the model in place of the bot's. */
  modelId: string | null;
  /** Text that is added to the bot's prompt. */
  prompt: string | null;
  /** For apps: their inputs and files. */
  inputs?: JsonObject | null;
  files?: readonly DifyFile[] | null;
}

/** What runs answers: direct chat, or the executors. Tasks know their backends by this contract only. */
export interface AnswerBackend {
  /** Whether this backend answers for a team. */
  handlesTeam(team: ResolvedTeam): boolean;
  /** Whether this backend runs an answer, or has it in its queue. */
  handles(subtask: SubtaskRow): boolean;
  /**
   * Stores a turn and starts its answer.
   * @param task the task of the turn, whose settings apply
   * @throws AppError when there is no room for the answer now, or its team cannot answer
   */
  start(turn: TurnRequest, choice: RunChoice, task: TaskRow): Promise<unknown>;
  /**
   * Asks the run of an answer to stop; called again until the answer has ended.
   * @param requestedAt milliseconds since the epoch
   * @param force the deadline has passed: end the answer without its run
   */
  cancel(subtask: SubtaskRow, requestedAt: number, force: boolean): Promise<void>;
  /** Returns what is known about an answer that has not ended. @throws when Redis is unreachable */
  inspect(inspection: AnswerInspection): Promise<Findings>;
  /**
   * Releases what the backend keeps for a task elsewhere. Called before the task is marked as deleted, and again when
   * the deletion is repeated, so that nothing is left over when the process dies in between.
   * @throws AppError when that cannot be done now: the task is not deleted then
   */
  beforeDelete?(taskId: number): Promise<void>;
}
