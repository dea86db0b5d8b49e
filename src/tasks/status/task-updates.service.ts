import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { Counter } from 'prom-client';
import { withinOr } from '../../common/async/within.js';
import { Batcher } from '../../common/async/batcher.js';
import { toStorable } from '../../common/text/storable.js';
import { isBadData, logLine } from '../../infra/database/database-errors.js';
import { RedisBus } from '../../infra/redis/redis.bus.js';
import { TaskChangePublisher } from '../events/task-change.publisher.js';
import { isTerminal } from '../task-status.js';
import { AnswerBackends } from '../backends/answer-backends.js';
import { TaskUpdatesRepository } from './task-updates.repository.js';
import type { TaskUpdate } from '../tasks.jobs.js';
import type { AppliedUpdate, AppliedUpdates } from './apply-reports.js';
import { UpdateQueue } from './update-queue.js';

const counter = new Counter({
  name: 'conch_task_updates_total',
  help: 'Status reports by state and outcome',
  labelNames: ['status', 'outcome'],
});

/** `applied`: the report made the state; `ignored`: the subtask had ended before; `pending`: it waits for the database. */
export type Settled = 'applied' | 'ignored' | 'pending';

/** Reports in one transaction. With more, statements would hold the event loop where the database is the embedded one. */
const MAX_TOGETHER = 50;

/**
 * Characters of an answer that goes past the queue: writing it into a job, reading it again and storing it costs a fifth
 * more CPU than storing it at once (50 answers of 96,000 characters), and Redis would keep it for a while.
 */
const LARGE_ANSWER = 16 * 1024;

/** What became of a report; `published` resolves when the changes of its transaction are. */
interface AppliedReport {
  result: AppliedUpdate;
  published: Promise<void>;
}

/** A call of `settle` that waits for the end of its subtask. */
interface SettleWaiter {
  status: TaskUpdate['status'];
  resolve: (outcome: Settled) => void;
}

/** The one way to report the state of a subtask. */
@Injectable()
export class TaskUpdatesService implements OnModuleInit {
  private readonly log = new Logger(TaskUpdatesService.name);
  private readonly waiters = new Map<number, Set<SettleWaiter>>();
  private readonly batches = new Batcher<TaskUpdate, AppliedReport>({ maxItems: MAX_TOGETHER, delayMs: 0 }, (updates) =>
    this.applyAndPublish(updates),
  );

  constructor(
    private readonly queue: UpdateQueue,
    private readonly repository: TaskUpdatesRepository,
    private readonly bus: RedisBus,
    private readonly changes: TaskChangePublisher,
    private readonly backends: AnswerBackends,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.bus.on('applied', ({ subtaskId, status, applied }) => this.resolveWaiters(subtaskId, status, applied));
  }

  /** Resolves when the report is durably queued. @throws when Redis is away */
  enqueue(update: TaskUpdate): Promise<void> {
    return this.queue.add([update]);
  }

  /** Resolves when all the reports are durably queued. @throws when Redis is away */
  enqueueAll(updates: readonly TaskUpdate[]): Promise<void> {
    return this.queue.add(updates);
  }

  /**
   * Queues the end of a subtask and waits a moment for it to be applied, so that a client that receives the end also finds
   * it in the database. When Redis is away, and when it is large, the report is applied directly; it is never dropped.
   */
  async settle(update: TaskUpdate, timeoutMs: number): Promise<Settled> {
    const { subtaskId, status } = update;
    const waiter: SettleWaiter = { status, resolve: () => undefined };
    const outcome = new Promise<Settled>((resolve) => {
      waiter.resolve = resolve;
    });
    const others = this.waiters.get(subtaskId) ?? new Set();
    this.waiters.set(subtaskId, others.add(waiter));
    try {
      // When the database hangs the report is queued as well: applied twice, it changes nothing the second time.
      const stored = isLarge(update) && (await withinOr(timeoutMs, null, this.applyDirectly(update)));
      if (stored) return stored;
      const settled = (await this.isQueued(update)) ? outcome : this.applyUntilDone(update);

      return await withinOr(timeoutMs, 'pending' as const, settled);
    } finally {
      others.delete(waiter);
      if (others.size === 0 && this.waiters.get(subtaskId) === others) this.waiters.delete(subtaskId);
    }
  }

  private async isQueued(update: TaskUpdate): Promise<boolean> {
    try {
      await this.enqueue(update);

      return true;
    } catch (error) {
      this.log.warn(`subtask ${update.subtaskId}: ${logLine(error)}; writing its end directly`);

      return false;
    }
  }

  /** Tries the database and the queue in turn until one of them has accepted the report. */
  private async applyUntilDone(update: TaskUpdate): Promise<Settled> {
    for (;;) {
      const stored = await this.applyDirectly(update);
      if (stored) return stored;
      await sleep(1000, undefined, { ref: false });
      try {
        await this.enqueue(update);

        return 'pending';
      } catch {
        // Still no queue: the database again.
      }
    }
  }

  /** Applies a report without the queue. @returns null when the database is away */
  private async applyDirectly(update: TaskUpdate): Promise<Settled | null> {
    try {
      const { results, changes } = await this.applyNow([update]);
      void this.changes.publish(changes);

      return results[0]?.outcome === 'applied' ? 'applied' : 'ignored';
    } catch (error) {
      this.log.warn(`subtask ${update.subtaskId}: the database does not take its end: ${logLine(error)}`);

      return null;
    }
  }

  /**
   * Applies the reports of a job, and publishes what they have changed; for the queue's processor only. Jobs that come
   * while others are applied share the next transaction.
   * @param isRepeated the job was begun before. Its worker may have been killed after the reports were applied and
   *   before that was published, so their turns are published again, whatever becomes of the reports now
   * @throws when the database is away: none is applied then
   */
  async apply(updates: readonly TaskUpdate[], isRepeated: boolean): Promise<void> {
    const applied = await this.batches.add(updates);
    await Promise.all(applied.map(({ published }) => published));
    if (isRepeated) await this.changes.publish(applied.flatMap(({ result }) => result.turn ?? []));
  }

  private async applyAndPublish(updates: readonly TaskUpdate[]): Promise<AppliedReport[]> {
    const { results, changes } = await this.applyNow(updates);
    // Not waited for: the next reports are applied meanwhile.
    const published = changes.length > 0 ? this.changes.publish(changes) : Promise.resolve();

    return results.map((result) => ({ result, published }));
  }

  private async applyNow(updates: readonly TaskUpdate[]): Promise<AppliedUpdates> {
    const applied = await this.applyStorable(updates);
    for (const [index, update] of updates.entries()) {
      const result = applied.results[index];
      if (result) this.record(update, result);
    }
    this.backends.reported(applied.results);

    return applied;
  }

  /** A report that Postgres cannot store must neither delay the others nor leave its subtask without an end. */
  private async applyStorable(updates: readonly TaskUpdate[]): Promise<AppliedUpdates> {
    try {
      return await this.repository.apply(updates);
    } catch (error) {
      if (!isBadData(error)) throw error;
      this.log.error(`${updates.length} report(s), of which one cannot be stored as it is: ${logLine(error)}`);

      return this.repository.apply(updates.map(toStorable));
    }
  }

  private record({ status }: TaskUpdate, result: AppliedUpdate): void {
    const { outcome, subtaskId, taskId } = result;
    counter.inc({ status, outcome });
    if (taskId === undefined) {
      this.log.warn(`subtask ${subtaskId}: unknown, report ${status} dropped`);

      return;
    }
    const how = outcome === 'applied' ? outcome : `ignored (${outcome}), it is ${result.status}`;
    const line = `task ${taskId} subtask ${subtaskId}: ${status} ${how}; task ${result.taskStatus}`;
    // Reports of progress come by the thousand.
    if (isTerminal(status) || (outcome === 'applied' && result.isTransition)) this.log.log(line);
    else this.log.debug(line);
    if (isTerminal(status) && (outcome === 'applied' || outcome === 'terminal'))
      this.publishEnd(subtaskId, taskId, status, outcome === 'applied');
  }

  /** Resolves the waiters of an end, in this process or in others. */
  private publishEnd(subtaskId: number, taskId: number, status: TaskUpdate['status'], applied: boolean): void {
    if (this.resolveWaiters(subtaskId, status, applied)) return;
    // A process that waits for it and misses the message reads the database after a while.
    this.bus.publish('applied', { subtaskId, taskId, status, applied }).catch(() => undefined);
  }

  /** @returns whether the end was reported by this process: then no other process needs the message */
  private resolveWaiters(subtaskId: number, status: string, applied: boolean): boolean {
    const waiters = [...(this.waiters.get(subtaskId) ?? [])];
    // An end that another process reported is the reason why one's own is ignored.
    for (const { resolve, ...own } of waiters) resolve(applied && own.status === status ? 'applied' : 'ignored');

    return waiters.length > 0 && waiters.every((own) => own.status === status);
  }
}

function isLarge({ result }: TaskUpdate): boolean {
  return (result?.value.length ?? 0) + (result?.reasoning?.length ?? 0) > LARGE_ANSWER;
}
