import { Injectable, type OnModuleInit } from '@nestjs/common';
import { type AnswerBackend, AnswerBackends } from '../tasks/backends/answer-backends.js';
import type { AnswerInspection, Findings } from '../tasks/diagnosis/findings.js';
import type { AppliedUpdate } from '../tasks/status/apply-reports.js';
import type { SubtaskRow } from '../tasks/turns/answer-turn.js';
import type { RunChoice } from '../tasks/turns/new-turn.js';
import type { StartedAnswer } from '../tasks/turns/idempotency.js';
import { isOnExecutors } from '../tasks/turns/turn-steps.js';
import type { TurnRequest } from '../tasks/turns/turns.service.js';
import { ChatRunInspector } from './diagnosis/chat-run.inspector.js';
import type { TaskChoice } from './plan/run-plan.js';
import { DirectChatCanceller } from './queue/direct-chat.canceller.js';
import { FollowingRuns } from './queue/following-runs.js';
import { DirectChatService } from './request/direct-chat.service.js';

/** Direct chat as tasks see it: starts, cancels and inspects the answers that this server streams itself, and goes on with pipelines behind executors. */
@Injectable()
export class DirectChatBackend implements AnswerBackend, OnModuleInit {
  constructor(
    private readonly backends: AnswerBackends,
    private readonly chats: DirectChatService,
    private readonly canceller: DirectChatCanceller,
    private readonly inspector: ChatRunInspector,
    private readonly followingRuns: FollowingRuns,
  ) {}

  onModuleInit(): void {
    this.backends.register(this);
  }

  handlesTeam(team: TurnRequest['team']): boolean {
    return !isOnExecutors(team);
  }

  handles(subtask: SubtaskRow): boolean {
    return subtask.runRequestedAt !== null;
  }

  start(turn: TurnRequest, choice: RunChoice, task: TaskChoice): Promise<StartedAnswer> {
    return this.chats.startTurn(turn, choice, task);
  }

  cancel(subtask: SubtaskRow, requestedAt: number, force: boolean): Promise<void> {
    return this.canceller.cancel(subtask, requestedAt, force);
  }

  inspect(inspection: AnswerInspection): Promise<Findings> {
    return this.inspector.inspect(inspection);
  }

  reported(reports: readonly AppliedUpdate[]): void {
    this.followingRuns.follow(reports);
  }
}
