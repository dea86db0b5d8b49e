import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { EventEmitter2 } from '@nestjs/event-emitter';
import { Counter } from 'prom-client';
import { TasksChangedEvent } from '../../common/domain-events.js';
import { within } from '../../common/within.js';
import { logLine } from '../../infra/database/database-errors.js';
import { TaskEventLog } from './task-event-log.js';

/** A task that was changed, with those of its subtasks that were. */
export interface TaskChange {
  userId: number;
  taskId: number;
  subtaskIds: readonly number[];
}

/** A store that takes longer counts as away. */
const TIMEOUT_MS = 1_000;
const RETRY_MS = 1_000;
const SOON_MS = 25;
/** Changed tasks that wait while Redis is unreachable; beyond that readers rely on the snapshot that they get afterwards. */
const MAX_WAITING = 20_000;

const told = new Counter({
  name: 'conch_task_changes_total',
  help: 'Changes of tasks by what became of telling them',
  labelNames: ['outcome'],
});

/** Publishes every applied change of a task after it is committed, to the live streams of clients and to listeners. */
@Injectable()
export class TaskChangePublisher implements OnApplicationShutdown {
  private readonly log = new Logger(TaskChangePublisher.name);
  /** By task: several changes of one that wait are one. */
  private readonly waiting = new Map<number, TaskChange>();
  private sending: Promise<void> = Promise.resolve();
  private next: Promise<void> | null = null;
  private retry: NodeJS.Timeout | undefined;
  private soon: NodeJS.Timeout | undefined;

  constructor(
    private readonly taskLog: TaskEventLog,
    private readonly events: EventEmitter2,
  ) {}

  /**
   * Publishes changes. Resolves when that was done or has failed; then it is repeated until it succeeds. Never throws: a
   * change that was not published is still in the database.
   */
  publish(changes: readonly TaskChange[]): Promise<void> {
    for (const change of changes) this.add(change);
    this.next ??= this.sending.then(() => this.flush());

    return this.next;
  }

  /** Publishes changes within 25 ms, together with those that follow until then: the caller has more urgent work. */
  publishSoon(changes: readonly TaskChange[]): void {
    for (const change of changes) this.add(change);
    this.soon ??= setTimeout(() => {
      this.soon = undefined;
      void this.publish([]);
    }, SOON_MS).unref();
  }

  /** Publishes what waits before the connections are closed. */
  async onApplicationShutdown(): Promise<void> {
    clearTimeout(this.retry);
    clearTimeout(this.soon);
    await this.publish([]);
    clearTimeout(this.retry);
  }

  private add({ userId, taskId, subtaskIds }: TaskChange): void {
    const known = this.waiting.get(taskId)?.subtaskIds ?? [];
    this.waiting.set(taskId, { userId, taskId, subtaskIds: [...new Set([...known, ...subtaskIds])] });
  }

  /** Sends all that waits as one batch; what comes meanwhile is the next one. */
  private flush(): Promise<void> {
    const batch = [...this.waiting.values()];
    this.waiting.clear();
    this.next = null;
    this.sending = batch.length > 0 ? this.send(batch) : Promise.resolve();

    return this.sending;
  }

  private async send(batch: readonly TaskChange[]): Promise<void> {
    try {
      const work = Promise.all([this.taskLog.append(batch), this.emit(batch)]);
      await within(TIMEOUT_MS, `no answer within ${TIMEOUT_MS} ms`, work);
      told.inc({ outcome: 'told' }, batch.length);
    } catch (error) {
      this.log.warn(`${batch.length} changed task(s) not told yet: ${logLine(error)}`);
      told.inc({ outcome: 'delayed' }, batch.length);
      this.keep(batch);
    }
  }

  private keep(batch: readonly TaskChange[]): void {
    const room = MAX_WAITING - this.waiting.size;
    for (const change of batch.slice(0, room)) this.add(change);
    if (batch.length > room) told.inc({ outcome: 'dropped' }, batch.length - room);
    clearTimeout(this.retry);
    this.retry = setTimeout(() => void this.publish([]), RETRY_MS).unref();
  }

  private async emit(batch: readonly TaskChange[]): Promise<void> {
    const event = new TasksChangedEvent(batch.map(({ taskId }) => taskId));
    await this.events.emitAsync(TasksChangedEvent.eventName, event);
  }
}
