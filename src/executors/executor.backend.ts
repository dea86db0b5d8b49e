import { Injectable, type OnModuleInit } from '@nestjs/common';
import { AppError, found } from '../common/app-error.js';
import { AppConfig } from '../config/app-config.js';
import { ModelsService } from '../models/models.service.js';
import { type AnswerBackend, AnswerBackends } from '../tasks/backends/answer-backends.js';
import type { AnswerInspection, Findings } from '../tasks/diagnosis/findings.js';
import type { Hint } from '../tasks/diagnosis/hints.js';
import type { AppliedUpdate } from '../tasks/status/apply-reports.js';
import type { SubtaskRow } from '../tasks/turns/answer-turn.js';
import type { RunChoice, StoredTurn } from '../tasks/turns/new-turn.js';
import { isOnExecutors } from '../tasks/turns/turn-steps.js';
import { type TurnRequest, TurnsService } from '../tasks/turns/turns.service.js';
import { executorFindings, presumedEndHint } from './diagnosis/executor-findings.js';
import { DispatchRepository } from './dispatch/dispatch.repository.js';
import { ExecutorDeletions } from './lifecycle/executor-deletions.js';
import { ReportedStreams } from './stream/reported-streams.js';
import { ExecutorCanceller } from './lifecycle/executor.canceller.js';
import { ManagedTasksService } from './managers/managed-tasks.service.js';
import { SubtasksRepository } from './subtasks.repository.js';

/** Executors as tasks see them: starts, cancels and inspects the answers that executors claim and report on. */
@Injectable()
export class ExecutorBackend implements AnswerBackend, OnModuleInit {
  constructor(
    private readonly backends: AnswerBackends,
    private readonly turns: TurnsService,
    private readonly models: ModelsService,
    private readonly canceller: ExecutorCanceller,
    private readonly deletions: ExecutorDeletions,
    private readonly repository: DispatchRepository,
    private readonly streams: ReportedStreams,
    private readonly managed: ManagedTasksService,
    private readonly subtasks: SubtasksRepository,
    private readonly config: AppConfig,
  ) {}

  onModuleInit(): void {
    this.backends.register(this);
  }

  handlesTeam(team: TurnRequest['team']): boolean {
    return isOnExecutors(team);
  }

  handles(subtask: SubtaskRow): boolean {
    return subtask.lane !== null && subtask.fairRank !== null;
  }

  /**
   * Stores the turn, which makes its first answer claimable.
   * @throws AppError not_found for an unknown model, bad_request for inputs and files, and what storing a turn throws
   */
  async start(turn: TurnRequest, { modelId, inputs, files }: RunChoice): Promise<StoredTurn> {
    if (inputs || files)
      throw new AppError('bad_request', 'inputs and files are for Dify apps; executors take a prompt');
    await this.checkModel(turn.userId, modelId);

    return this.turns.store({ ...turn, modelId });
  }

  /** @throws AppError not_found when the user has no such model; null stands for those of the bots */
  async checkModel(userId: number, modelId: string | null): Promise<void> {
    if (modelId !== null) found(await this.models.settings(userId, modelId), `Model "${modelId}"`);
  }

  cancel(subtask: SubtaskRow, requestedAt: number, force: boolean): Promise<void> {
    return this.canceller.cancel(subtask, requestedAt, force);
  }

  /** Finds out whether a subtask waits for an executor, was claimed by one, or has lost it. */
  async inspect({ subtask, task }: AnswerInspection): Promise<Findings> {
    const [waiting] = subtask.status === 'PENDING' ? await this.repository.positionsOf([subtask.id]) : [];
    const acked = task.status === 'CANCELLING' && (await this.canceller.isAcknowledged(subtask.id));
    const stage = subtask.status === 'RUNNING' ? await this.managed.stageOf(subtask.id) : null;
    const cancel = acked ? 'acknowledged' : task.status === 'CANCELLING' ? 'asked' : 'none';

    return executorFindings(subtask, {
      ...this.config.executors,
      position: waiting?.position ?? null,
      cancel,
      stage,
      now: Date.now(),
    });
  }

  reported(reports: readonly AppliedUpdate[]): void {
    this.streams.follow(reports);
  }

  /** Says what an executor can still do whose end was only presumed. */
  async hintsAfterEnd(taskId: number): Promise<Hint[]> {
    const status = await this.subtasks.presumedEnd(taskId);

    return status === null ? [] : [presumedEndHint(status)];
  }

  /** Has the containers of the task deleted, if executors have worked on it. @throws AppError service_unavailable */
  beforeDelete(taskId: number): Promise<void> {
    return this.deletions.beforeDelete(taskId);
  }
}
