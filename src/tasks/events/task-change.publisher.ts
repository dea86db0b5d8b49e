import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { EventEmitter2 } from '@nestjs/event-emitter';
import { Counter } from 'prom-client';
import { Batcher } from '../../common/async/batcher.js';
import { TasksChangedEvent } from '../../common/contracts/domain-events.js';
import { within } from '../../common/async/within.js';
import { logLine } from '../../infra/database/database-errors.js';
import { TaskEventLog } from './task-event-log.js';

/** A task that was changed, with those of its subtasks that were. */
export interface TaskChange {
  userId: number;
  taskId: number;
  subtaskIds: readonly number[];
  /** Whether its turn has ended. */
  hasEnded?: boolean;
}

/** A store that needs longer counts as away. */
const TIMEOUT_MS = 1_000;
const RETRY_MS = 1_000;
const SOON_MS = 25;
/** Tasks whose changes are kept while Redis is away; beyond that readers rely on the snapshot that they get afterwards. */
const MAX_UNSENT = 20_000;

const changesTotal = new Counter({
  name: 'conch_task_changes_total',
  help: 'Changes of tasks by what became of telling them',
  labelNames: ['outcome'],
});

/** Publishes every applied change of a task after it is committed, to the live streams of clients and to listeners. */
@Injectable()
export class TaskChangePublisher implements OnApplicationShutdown {
  private readonly log = new Logger(TaskChangePublisher.name);
  private readonly batcher = new Batcher<TaskChange>({}, (changes) => this.send(changes));
  private readonly delayed = new Batcher<TaskChange>({ delayMs: SOON_MS }, async (changes) => {
    await this.publish(changes);

    return [];
  });
  /** Changes that could not be published, by task; they are published with the next changes, or after a while. */
  private unsent = new Map<number, TaskChange>();
  private retry: NodeJS.Timeout | undefined;

  constructor(
    private readonly taskLog: TaskEventLog,
    private readonly events: EventEmitter2,
  ) {}

  /**
   * Publishes changes. Resolves when that was done or has failed; then it is repeated until it succeeds. Never throws: a
   * change that was not published is still in the database.
   */
  async publish(changes: readonly TaskChange[]): Promise<void> {
    const unsent = [...this.unsent.values()];
    this.unsent.clear();
    await this.batcher.add([...unsent, ...changes]);
  }

  /** Publishes changes within a moment, together with what comes until then: for callers with more urgent work. */
  publishSoon(changes: readonly TaskChange[]): void {
    void this.delayed.add(changes);
  }

  /** Publishes what waits before the connections are closed, if Redis answers. */
  async onApplicationShutdown(): Promise<void> {
    await this.delayed.flush();
    await this.publish([]);
    clearTimeout(this.retry);
  }

  /** Never throws. */
  private async send(changes: readonly TaskChange[]): Promise<never[]> {
    const batch = [...mergeByTask(changes).values()];
    try {
      const work = Promise.all([this.taskLog.append(batch), this.emit(batch)]);
      await within(TIMEOUT_MS, `no answer within ${TIMEOUT_MS} ms`, work);
      changesTotal.inc({ outcome: 'told' }, batch.length);
    } catch (error) {
      this.log.warn(`${batch.length} changed task(s) not told yet: ${logLine(error)}`);
      changesTotal.inc({ outcome: 'delayed' }, batch.length);
      this.retryLater(batch);
    }

    return [];
  }

  private retryLater(batch: readonly TaskChange[]): void {
    const room = MAX_UNSENT - this.unsent.size;
    this.unsent = mergeByTask([...this.unsent.values(), ...batch.slice(0, room)]);
    if (batch.length > room) changesTotal.inc({ outcome: 'dropped' }, batch.length - room);
    clearTimeout(this.retry);
    this.retry = setTimeout(() => void this.publish([]), RETRY_MS).unref();
  }

  private async emit(batch: readonly TaskChange[]): Promise<void> {
    const ended = batch.filter(({ hasEnded }) => hasEnded);
    const event = new TasksChangedEvent(idsOf(batch), idsOf(ended));
    await this.events.emitAsync(TasksChangedEvent.eventName, event);
  }
}

const idsOf = (changes: readonly TaskChange[]) => changes.map(({ taskId }) => taskId);

/** Several changes of one task are one. */
function mergeByTask(changes: readonly TaskChange[]): Map<number, TaskChange> {
  const merged = new Map<number, TaskChange>();
  for (const { userId, taskId, subtaskIds, hasEnded = false } of changes) {
    const known = merged.get(taskId);
    merged.set(taskId, {
      ...{ userId, taskId, subtaskIds: [...new Set([...(known?.subtaskIds ?? []), ...subtaskIds])] },
      ...((hasEnded || known?.hasEnded) && { hasEnded: true }),
    });
  }

  return merged;
}
