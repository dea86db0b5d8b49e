import { InjectQueue } from '@nestjs/bullmq';
import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { setTimeout as sleep } from 'node:timers/promises';
import { Counter } from 'prom-client';
import { logLine } from '../infra/database/database-errors.js';
import { hush } from '../infra/queue/queue-errors.js';
import { RedisBus } from '../infra/redis/redis.bus.js';
import { TASK_UPDATES, type TaskUpdate, UPDATE_JOB_OPTIONS } from './tasks.jobs.js';
import { type AppliedUpdate, TasksRepository } from './tasks.repository.js';

const updates = new Counter({
  name: 'conch_task_updates_total',
  help: 'Status reports by state and outcome',
  labelNames: ['status', 'outcome'],
});

/** `applied`: the report made the state; `ignored`: the subtask had ended before; `pending`: it waits for the database. */
export type Settled = 'applied' | 'ignored' | 'pending';

const ENQUEUE_TIMEOUT_MS = 1_000;

/** The one way to report the state of a subtask. */
@Injectable()
export class TaskUpdatesService implements OnModuleInit {
  private readonly log = new Logger('TaskUpdates');
  private readonly waiting = new Map<number, (outcome: Settled) => void>();

  constructor(
    @InjectQueue(TASK_UPDATES) private readonly queue: Queue<TaskUpdate>,
    private readonly repository: TasksRepository,
    private readonly bus: RedisBus,
  ) {}

  async onModuleInit(): Promise<void> {
    hush(this.queue);
    await this.bus.on('applied', ({ subtaskId, status, applied }) => {
      if (status !== 'RUNNING') this.waiting.get(subtaskId)?.(applied ? 'applied' : 'ignored');
    });
  }

  /** Queues a report. @throws when Redis is away */
  async enqueue(update: TaskUpdate): Promise<void> {
    await Promise.race([
      this.queue.add('update', update, UPDATE_JOB_OPTIONS),
      sleep(ENQUEUE_TIMEOUT_MS).then(() => Promise.reject(new Error('the queue does not answer'))),
    ]);
  }

  /**
   * Queues the end of a subtask and waits a moment for it to be applied, so that who is told of the end also finds
   * it in the database. When Redis is away the report is applied from here; it is never dropped.
   */
  async settle(update: TaskUpdate, timeoutMs: number): Promise<Settled> {
    const outcome = new Promise<Settled>((resolve) => this.waiting.set(update.subtaskId, resolve));
    try {
      await this.enqueue(update);

      return await Promise.race([outcome, sleep(timeoutMs, 'pending' as const)]);
    } catch (error) {
      this.log.warn(`subtask ${update.subtaskId}: ${logLine(error)}; writing its end directly`);

      return await this.settleDirectly(update, timeoutMs);
    } finally {
      this.waiting.delete(update.subtaskId);
    }
  }

  private async settleDirectly(update: TaskUpdate, timeoutMs: number): Promise<Settled> {
    const work = this.applyUntilDone(update);

    return Promise.race([work, sleep(timeoutMs, 'pending' as const)]);
  }

  /** Neither the queue nor the database took the report: keep it here until one of them does. */
  private async applyUntilDone(update: TaskUpdate): Promise<Settled> {
    for (;;) {
      try {
        const applied = await this.apply(update);

        return applied?.applied ? 'applied' : 'ignored';
      } catch (error) {
        this.log.warn(`subtask ${update.subtaskId}: the database does not take its end: ${logLine(error)}`);
        await sleep(1000, undefined, { ref: false });
      }
      try {
        await this.enqueue(update);

        return 'pending';
      } catch {
        // Still no queue: the database again.
      }
    }
  }

  /** Applies a report now; only the queue's processor and the emergency above call it. @returns null for an unknown subtask */
  async apply(update: TaskUpdate): Promise<AppliedUpdate | null> {
    const result = await this.repository.applyUpdate(update);
    if (!result) {
      updates.inc({ status: update.status, outcome: 'unknown' });
      this.log.warn(`subtask ${update.subtaskId}: unknown, report ${update.status} dropped`);

      return null;
    }
    const { applied, subtaskId, taskId, taskStatus } = result;
    updates.inc({ status: update.status, outcome: applied ? 'applied' : 'ignored' });
    const outcome = applied ? 'applied' : `ignored, it is ${result.status}`;
    this.log.log(`task ${taskId} subtask ${subtaskId}: ${update.status} ${outcome}; task ${taskStatus}`);
    const waiting = update.status === 'RUNNING' ? undefined : this.waiting.get(subtaskId);
    if (waiting) waiting(applied ? 'applied' : 'ignored');
    else await this.announce(subtaskId, taskId, update.status, applied);

    return result;
  }

  private async announce(subtaskId: number, taskId: number, status: string, applied: boolean): Promise<void> {
    try {
      await this.bus.publish('applied', { subtaskId, taskId, status, applied });
    } catch {
      // Whoever waits for it reads the database after a while.
    }
  }
}
