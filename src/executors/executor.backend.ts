import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { AnswerBackend } from '../tasks/backends/answer-backend.js';
import { AnswerBackends } from '../tasks/backends/answer-backends.js';
import type { AnswerInspection, Findings } from '../tasks/diagnosis/findings.js';
import { type Answer, runsOnExecutors, type TurnRequest, TurnsService } from '../tasks/turns/turns.service.js';
import { ExecutorInspector } from './diagnosis/executor.inspector.js';
import { ExecutorDeletions } from './lifecycle/executor-deletions.js';
import { ExecutorCanceller } from './lifecycle/executor.canceller.js';

/** Executors as tasks see them: starts, cancels and inspects the answers that executors claim and report on. */
@Injectable()
export class ExecutorBackend implements AnswerBackend, OnModuleInit {
  constructor(
    private readonly backends: AnswerBackends,
    private readonly turns: TurnsService,
    private readonly canceller: ExecutorCanceller,
    private readonly inspector: ExecutorInspector,
    private readonly deletions: ExecutorDeletions,
  ) {}

  onModuleInit(): void {
    this.backends.register(this);
  }

  handlesTeam(team: TurnRequest['team']): boolean {
    return runsOnExecutors(team);
  }

  handles(subtask: Answer['subtask']): boolean {
    return subtask.lane !== null;
  }

  /** Stores the turn, which makes its first answer claimable. The task holds the model that it chose. */
  start(turn: TurnRequest): Promise<unknown> {
    return this.turns.store(turn);
  }

  cancel(subtask: Answer['subtask'], requestedAt: number, force: boolean): Promise<void> {
    return this.canceller.cancel(subtask, requestedAt, force);
  }

  inspect(inspection: AnswerInspection): Promise<Findings> {
    return this.inspector.inspect(inspection);
  }

  /** Has the containers of the task deleted, if executors have worked on it. @throws AppError service_unavailable */
  beforeDelete(taskId: number): Promise<void> {
    return this.deletions.beforeDelete(taskId);
  }
}
