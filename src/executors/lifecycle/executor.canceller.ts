import { Injectable, Logger } from '@nestjs/common';
import { Counter } from 'prom-client';
import { withinOr } from '../../common/async/within.js';
import { AppConfig } from '../../config/app-config.js';
import { logLine } from '../../infra/database/database-errors.js';
import { keys } from '../../infra/redis/keys.js';
import { RedisClients } from '../../infra/redis/redis-clients.js';
import { TaskUpdatesService } from '../../tasks/status/task-updates.service.js';
import type { SubtaskRow } from '../../tasks/turns/answer-turn.js';
import { ExecutorDeletions } from './executor-deletions.js';
import { ExecutorManagerClient } from './executor-manager.client.js';
import { cancelledEvent } from '../reports/executor-report.js';

/** The caller of a cancel waits for an answer of the manager, but not for a slow one. */
const ASK_PATIENCE_MS = 1_000;
const SETTLE_MS = 1_000;
/** The tries of a cancel are up to 5 s apart: the last one before the deadline has to end it. */
const LAST_TRY_MS = 6_000;
/** Without a manager executors learn of a cancel by their heartbeat only. */
const HEARTBEAT_GRACE_MS = 10_000;
/** How much longer than a cancel may last its acknowledgement is kept. */
const ACK_MARGIN_SECONDS = 600;

const cancelsTotal = new Counter({
  name: 'conch_executor_cancels_total',
  help: 'Cancels sent to the executor manager, by its answer',
  labelNames: ['outcome'],
});

type Subtask = Pick<SubtaskRow, 'id' | 'taskId' | 'status' | 'offers'>;
/** One that is being cancelled, with what its executor has said. */
type RunningSubtask = Subtask & Pick<SubtaskRow, 'executorName' | 'reportOrder' | 'reportSeq'>;

/**
 * Cancels subtasks of executors: asks their manager repeatedly, and ends the subtask without it at the deadline. An executor
 * that comes after that, because its container was being started, is stopped by its first report: see `afterLateReport`.
 */
@Injectable()
export class ExecutorCanceller {
  private readonly log = new Logger(ExecutorCanceller.name);
  private readonly asking = new Map<number, Promise<void>>();
  private readonly patienceMs: number;
  private readonly ackSeconds: number;

  constructor(
    private readonly manager: ExecutorManagerClient,
    private readonly redis: RedisClients,
    private readonly updates: TaskUpdatesService,
    private readonly deletions: ExecutorDeletions,
    { tasks }: AppConfig,
  ) {
    this.ackSeconds = tasks.cancelDeadlineSeconds + ACK_MARGIN_SECONDS;
    const deadlineMs = tasks.cancelDeadlineSeconds * 1000;
    const byHeartbeat = manager.isConfigured ? Infinity : HEARTBEAT_GRACE_MS;
    this.patienceMs = Math.min(Math.max(deadlineMs / 2, deadlineMs - LAST_TRY_MS), byHeartbeat);
  }

  /** See `AnswerBackend.cancel`. */
  async cancel(subtask: RunningSubtask, requestedAt: number, force: boolean): Promise<void> {
    const { id, taskId } = subtask;
    if (subtask.status === 'PENDING') return this.end(subtask, 'queued', false);
    const acked = await this.isAcknowledged(id);
    if (force || Date.now() - requestedAt >= this.patienceMs) {
      this.log.warn(`task ${taskId} subtask ${id}: its executor did not report in time; ending it`);

      return this.end(subtask, 'running', acked);
    }
    if (this.manager.isConfigured && !acked) await withinOr(ASK_PATIENCE_MS, undefined, this.ask(subtask));
  }

  /** Ends a subtask without waiting for its executor, if it ever had one. */
  async end({ id, taskId, offers }: Subtask, phase: 'queued' | 'running', acked: boolean): Promise<void> {
    const terminal = { event: cancelledEvent(phase, acked), seq: 2 };
    await this.updates.settle({ subtaskId: id, status: 'CANCELLED', isPresumed: offers > 0, terminal }, SETTLE_MS);
    await this.deletions.afterEndOf(taskId);
  }

  /** Ends a subtask whose lease ran out while it was being cancelled. */
  async endLost(subtask: Subtask): Promise<void> {
    return this.end(subtask, 'running', await this.isAcknowledged(subtask.id));
  }

  /** Whether the executor manager has acknowledged the cancel, as every process knows. Without Redis it is asked again. */
  async isAcknowledged(subtaskId: number): Promise<boolean> {
    const value = await this.redis.commands.get(keys.executorCancelAck(subtaskId)).catch(() => null);

    return value !== null;
  }

  private async acknowledge(subtaskId: number): Promise<void> {
    await this.redis.commands.set(keys.executorCancelAck(subtaskId), '1', 'EX', this.ackSeconds).catch(() => null);
  }

  /** One request at a time: a slow manager is not asked again before it has answered. */
  private ask(subtask: RunningSubtask): Promise<void> {
    const { id } = subtask;
    const asked = this.asking.get(id) ?? this.askNow(subtask).finally(() => this.asking.delete(id));
    this.asking.set(id, asked);

    return asked;
  }

  private async askNow(subtask: RunningSubtask): Promise<void> {
    const { id, taskId } = subtask;
    const answer = await this.manager.cancel(taskId);
    cancelsTotal.inc({ outcome: answer });
    this.log.log(`task ${taskId} subtask ${id}: cancel ${answer}`);
    if (answer === 'acked') await this.acknowledge(id);
    if (answer !== 'refused' || !(await this.isOver(subtask))) return;
    await this.end(subtask, 'running', false).catch((error: unknown) => this.notEnded(id, error));
  }

  /**
   * Whether a refusal means that nothing runs. A container that is being started is not known to its manager yet, and one
   * whose executor is busy or not ready does not accept the cancel: it is asked again.
   */
  private async isOver({ executorName, reportOrder, reportSeq }: RunningSubtask): Promise<boolean> {
    if (reportOrder === null && reportSeq === null) return false;
    if (executorName === '') return true;

    return (await this.manager.statesOf([executorName])).get(executorName) !== 'running';
  }

  private notEnded(id: number, error: unknown): void {
    this.log.warn(`subtask ${id}: not ended: ${logLine(error)}; trying again`);
  }
}
