import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { Counter } from 'prom-client';
import { AppConfig } from '../../config/app-config.js';
import { MaintenanceTasks } from '../../infra/queue/maintenance-tasks.js';
import { TaskChangePublisher } from '../../tasks/events/task-change.publisher.js';
import { TaskUpdatesService } from '../../tasks/status/task-updates.service.js';
import { type ExecutorSubtask, SubtasksRepository } from '../subtasks.repository.js';
import { ExecutorManagerClient, type ExecutorState } from './executor-manager.client.js';
import { ExecutorCanceller } from './executor.canceller.js';

const AT_A_TIME = 500;
/** Executors that one run asks about. */
const ASKED_AT_A_TIME = 100;
const SETTLE_MS = 1_000;
const MIN_INTERVAL_MS = 1_000;
const MAX_INTERVAL_MS = 10_000;

/** Executors that fell silent: their subtask was offered again, cancelled, or is lost. */
const expiriesTotal = new Counter({
  name: 'conch_executor_lease_expiries_total',
  help: 'Leases of executors that ran out, by outcome',
  labelNames: ['outcome'],
});

/** Dispatches again, or ends, what executors have lost: by their silence, or by the word of their manager. */
@Injectable()
export class LeaseExpiry implements OnModuleInit {
  private readonly log = new Logger(LeaseExpiry.name);

  constructor(
    private readonly repository: SubtasksRepository,
    private readonly updates: TaskUpdatesService,
    private readonly canceller: ExecutorCanceller,
    private readonly manager: ExecutorManagerClient,
    private readonly changes: TaskChangePublisher,
    private readonly maintenance: MaintenanceTasks,
    private readonly config: AppConfig,
  ) {}

  /** Leases are checked ten times within the time of a lease. */
  onModuleInit(): void {
    const everyMs = Math.min(Math.max(this.config.executors.leaseSeconds * 100, MIN_INTERVAL_MS), MAX_INTERVAL_MS);
    this.maintenance.register({ name: 'expire-leases', everyMs, run: () => this.expire() });
    this.maintenance.register({ name: 'ask-silent-executors', everyMs, run: () => this.askSilent() });
  }

  /** Ends or requeues every subtask whose lease has run out. One that fails now is found again by the next run. */
  private async expire(): Promise<void> {
    const ids = (await this.repository.expired(AT_A_TIME)).map(({ id }) => id);
    if (ids.length === 0) return;
    const subtasks = [...(await this.repository.findAll(ids)).values()];
    const states = await this.statesOf(subtasks);
    for (const subtask of subtasks) await this.expireOne(subtask, states.get(subtask.executorName) ?? 'unknown');
  }

  /**
   * Asks about executors that send no heartbeats: their silence says nothing, but the manager knows whether their container
   * runs. What is gone need not wait for the end of its long lease.
   */
  private async askSilent(): Promise<void> {
    if (!this.manager.isConfigured) return;
    const silent = await this.repository.silent(this.config.executors.leaseSeconds, ASKED_AT_A_TIME);
    const states = await this.statesOf(silent);
    for (const subtask of silent) {
      const isGone = states.get(subtask.executorName) === 'gone';
      if (isGone && (await this.repository.expireLease(subtask))) await this.expireOne(subtask, 'gone');
    }
  }

  private async statesOf(subtasks: readonly ExecutorSubtask[]): Promise<ReadonlyMap<string, ExecutorState>> {
    const names = new Set(subtasks.map(({ executorName }) => executorName).filter((name) => name !== ''));

    return this.manager.isConfigured && names.size > 0 ? this.manager.statesOf([...names]) : new Map();
  }

  private async expireOne(subtask: ExecutorSubtask, state: ExecutorState): Promise<void> {
    expiriesTotal.inc({ outcome: await this.outcomeOf(subtask, state) });
  }

  /**
   * An executor that may live is named again with the next dispatch, so that its manager gives the work to its container in
   * place of starting another one of the same name. One that is gone is removed first: Docker keeps the names of
   * containers that have exited.
   */
  private async outcomeOf(subtask: ExecutorSubtask, state: ExecutorState): Promise<string> {
    const { executorName } = subtask;
    if (subtask.taskStatus === 'CANCELLING') {
      await this.canceller.endLost(subtask);

      return 'cancelled';
    }
    if (state !== 'gone') return this.offerAgain(subtask, 'it was not heard of in time', true);
    await this.manager.deleteExecutor(executorName);

    return this.offerAgain(subtask, `its container ${executorName} is gone`, false);
  }

  /**
   * Offers a subtask again whose lease has expired, or ends it when that was tried often enough.
   * @param keepsExecutor whether it is dispatched with the name of that executor again, which may live
   */
  async offerAgain(
    { id, taskId, userId, offers }: ExecutorSubtask,
    reason: string,
    keepsExecutor: boolean,
  ): Promise<'offered_again' | 'lost' | 'recovered'> {
    if (!(await this.repository.requeue(id, this.config.executors.maxAttempts, keepsExecutor)))
      return this.giveUp(id, reason);
    this.log.warn(`task ${taskId} subtask ${id}: its executor was lost (offer ${offers}): ${reason}; offered again`);
    await this.changes.publish([{ userId, taskId, subtaskIds: [id] }]);

    return 'offered_again';
  }

  /**
   * Reads the subtask again: when it was not requeued its executor may have reported meanwhile, or it has ended. The end is
   * presumed, and the executors are kept: one that completes the work after all repairs it.
   */
  private async giveUp(subtaskId: number, reason: string): Promise<'lost' | 'recovered'> {
    const subtask = await this.repository.find(subtaskId);
    const isLost = subtask?.status === 'RUNNING' && (subtask.leaseExpiresAt?.getTime() ?? 0) < Date.now();
    if (!subtask || !isLost || subtask.taskStatus === 'CANCELLING') return 'recovered';
    const { taskId, offers } = subtask;
    const error = `The executor was lost ${offers} time(s): ${reason}`;
    this.log.warn(`task ${taskId} subtask ${subtaskId}: lost (offer ${offers}): ${reason}`);
    const event = { type: 'error', error, code: 'executor_lost', retryable: true } as const;
    await this.updates.settle(
      { subtaskId, status: 'FAILED', errorMessage: error, isPresumed: true, terminal: { event, seq: 2 } },
      SETTLE_MS,
    );

    return 'lost';
  }
}
