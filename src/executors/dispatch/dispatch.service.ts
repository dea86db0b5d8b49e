import { Injectable, Logger } from '@nestjs/common';
import { Counter } from 'prom-client';
import { AppError, type ErrorCode } from '../../common/app-error.js';
import { withinOr } from '../../common/async/within.js';
import { SecretBoxError } from '../../common/secrets/secret-box.js';
import { AppConfig } from '../../config/app-config.js';
import type { Db } from '../../infra/database/database.js';
import { TaskChangePublisher } from '../../tasks/events/task-change.publisher.js';
import { TaskUpdatesService } from '../../tasks/status/task-updates.service.js';
import { TurnProjector } from '../stream/turn-projector.js';
import { LivingManagers } from '../managers/living-managers.js';
import type { DispatchDto, DispatchedSubtaskDto, DispatchQuery } from './dispatch.dto.js';
import { toDispatched } from './dispatched-subtask.js';
import { type ExecutionPlan, ExecutionPlans } from './execution-plans.js';
import { type ClaimedSubtask, DispatchRepository, type ClaimRequest } from './dispatch.repository.js';

/** Rounds of one dispatch: subtasks that cannot be dispatched do not block those behind them. */
const MAX_ROUNDS = 5;
const FAIL_PATIENCE_MS = 500;
/** How long a reply waits for the streams of its claims while Redis is away. */
const SHOW_PATIENCE_MS = 1_000;

/** `broken` subtasks could not be handed out, and failed. */
const dispatchedTotal = new Counter({
  name: 'conch_executor_offers_total',
  help: 'Subtasks handed to executors, by lane and outcome',
  labelNames: ['lane', 'outcome'],
});

type QueueRequest = Extract<ClaimRequest, { queue: string }>;

interface Broken {
  claimed: ClaimedSubtask;
  code: ErrorCode;
  message: string;
}

interface Round {
  found: number;
  claimed: ClaimedSubtask[];
  dispatched: DispatchedSubtaskDto[];
  broken: Broken[];
}

/** Dispatches subtasks to executors: each to one, oldest first, fair between users. */
@Injectable()
export class DispatchService {
  private readonly log = new Logger(DispatchService.name);
  private readonly silentLeaseSeconds: number;

  constructor(
    private readonly repository: DispatchRepository,
    private readonly plans: ExecutionPlans,
    private readonly updates: TaskUpdatesService,
    private readonly changes: TaskChangePublisher,
    private readonly projector: TurnProjector,
    private readonly managers: LivingManagers,
    { executors }: AppConfig,
  ) {
    this.silentLeaseSeconds = executors.silentLeaseSeconds;
  }

  /** Claims subtasks: they are RUNNING and leased when this resolves; what cannot be dispatched has failed, with the reason. */
  async dispatch(query: DispatchQuery): Promise<DispatchDto> {
    const { task_status: status, task_ids: taskIds, type, limit, manager } = query;
    if (status !== 'PENDING') return { tasks: [] };
    if (taskIds.length > 0) return { tasks: (await this.round({ taskIds })).dispatched };
    const otherManagers = await this.managers.others(manager);
    const tasks: DispatchedSubtaskDto[] = [];
    for (const queue of type === 'any' ? (['online', 'offline'] as const) : [type])
      tasks.push(...(await this.next({ queue, limit: limit - tasks.length, otherManagers })));

    return { tasks };
  }

  private async next(request: QueueRequest): Promise<DispatchedSubtaskDto[]> {
    const { limit } = request;
    const tasks: DispatchedSubtaskDto[] = [];
    for (let round = 0; round < MAX_ROUNDS && tasks.length < limit; round += 1) {
      const wanted = limit - tasks.length;
      const { found, dispatched } = await this.round({ ...request, limit: wanted });
      tasks.push(...dispatched);
      if (found < wanted) break;
    }

    return tasks;
  }

  private async round(request: ClaimRequest): Promise<Round> {
    const round = await this.repository.transaction((tx) => this.claim(tx, request));
    for (const { subtask } of round.claimed) {
      dispatchedTotal.inc({ lane: String(subtask.lane), outcome: 'handed_out' });
      this.log.log(`task ${subtask.taskId} subtask ${subtask.id}: handed out`);
    }
    await Promise.all([
      this.showClaims(round.claimed),
      this.changes.publish(
        round.claimed.map(({ subtask: { userId, taskId, id } }) => ({ userId, taskId, subtaskIds: [id] })),
      ),
      ...round.broken.map((broken) => this.fail(broken)),
    ]);

    return round;
  }

  /**
   * Makes the claims the owners of their streams before their executors know of them: for one that writes first, the
   * stream would look like one whose events Redis has lost, and readers would get the answer twice.
   */
  private async showClaims(claimed: readonly ClaimedSubtask[]): Promise<void> {
    const shown = Promise.all(claimed.map(({ subtask }) => this.projector.sync(subtask.id, true)));
    await withinOr(SHOW_PATIENCE_MS, null, shown);
  }

  /**
   * Claim and payload are one transaction: a process that dies before its end has claimed nothing, one that dies
   * after it leaves a lease behind. A broken subtask is claimed as well, so that no other dispatch claims it.
   */
  private async claim(tx: Db, request: ClaimRequest): Promise<Round> {
    const subtasks = await this.repository.claim(tx, request, this.silentLeaseSeconds);
    const round: Round = { found: subtasks.length, claimed: [], dispatched: [], broken: [] };
    for (const claimed of subtasks) {
      const plan = await this.plan(tx, claimed);
      if ('message' in plan) {
        round.broken.push(plan);
      } else {
        round.claimed.push(claimed);
        round.dispatched.push(toDispatched(claimed, plan));
      }
    }

    return round;
  }

  private async plan(tx: Db, claimed: ClaimedSubtask): Promise<ExecutionPlan | Broken> {
    try {
      return await this.plans.make(tx, claimed);
    } catch (error) {
      if (error instanceof AppError) return { claimed, code: error.code, message: error.message };
      if (!(error instanceof SecretBoxError)) throw error;

      return { claimed, code: 'internal', message: `A secret that the task needs cannot be read: ${error.message}` };
    }
  }

  private async fail({ claimed, code, message }: Broken): Promise<void> {
    const { id: subtaskId, taskId, lane } = claimed.subtask;
    dispatchedTotal.inc({ lane: String(lane), outcome: 'broken' });
    this.log.warn(`task ${taskId} subtask ${subtaskId}: cannot be handed out: ${message}`);
    const event = { type: 'error', error: message, code, retryable: false } as const;
    await this.updates.settle(
      { subtaskId, status: 'FAILED', errorMessage: message, terminal: { event, seq: 2 } },
      FAIL_PATIENCE_MS,
    );
  }
}
