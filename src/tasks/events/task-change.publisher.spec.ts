import { describe, expect, it } from '@jest/globals';
import { EventEmitter2 } from '@nestjs/event-emitter';
import { TasksChangedEvent } from '../../common/contracts/domain-events.js';
import type { TaskEventLog } from './task-event-log.js';
import { type TaskChange, TaskChangePublisher } from './task-change.publisher.js';

const change = (taskId: number, ...subtaskIds: number[]): TaskChange => ({ userId: 1, taskId, subtaskIds });

/** A log that keeps what it is given, after `failures` refusals. */
class Log {
  readonly batches: (readonly TaskChange[])[] = [];
  hold: Promise<void> = Promise.resolve();

  constructor(private failures = 0) {}

  async append(changes: readonly TaskChange[]): Promise<void> {
    await this.hold;
    if (this.failures > 0) {
      this.failures -= 1;
      throw new Error('Redis is away');
    }
    this.batches.push(changes);
  }
}

const changesOn = (log: Log, events = new EventEmitter2()) =>
  new TaskChangePublisher(log as unknown as TaskEventLog, events);

describe('changes of tasks', () => {
  it('that come while others are told are told together, each task once', async () => {
    const log = new Log();
    const changes = changesOn(log);
    let go: () => void = () => undefined;
    log.hold = new Promise((resolve) => {
      go = resolve;
    });
    const first = changes.publish([change(1, 11)]);
    await Promise.resolve();
    const more = [changes.publish([change(2, 21)]), changes.publish([change(3), change(2, 22, 21)])];
    go();
    await Promise.all([first, ...more]);

    expect(log.batches).toEqual([[change(1, 11)], [change(2, 21, 22), change(3)]]);
  });

  it('that cannot be told are told with the next ones, and nobody is bothered', async () => {
    const log = new Log(2);
    const changes = changesOn(log);
    await changes.publish([change(1, 11)]);
    await changes.publish([change(2)]);
    expect(log.batches).toEqual([]);
    await changes.publish([change(1, 12)]);

    expect(log.batches).toEqual([[change(1, 11, 12), change(2)]]);
    await changes.onApplicationShutdown();
  });

  it('that wait are told before the process ends', async () => {
    const log = new Log(1);
    const changes = changesOn(log);
    await changes.publish([change(1)]);
    await changes.onApplicationShutdown();

    expect(log.batches).toEqual([[change(1)]]);
  });

  it('are published to listeners, again until none of them fails', async () => {
    const events = new EventEmitter2();
    const changes = changesOn(new Log(), events);
    const received: (readonly number[])[] = [];
    events.on(TasksChangedEvent.eventName, ({ taskIds }: TasksChangedEvent) => {
      received.push(taskIds);
      if (received.length === 1) throw new Error('the queue is away');
    });
    await changes.publish([change(1, 11), change(2, 21)]);
    await changes.publish([]);

    expect(received).toEqual([
      [1, 2],
      [1, 2],
    ]);
    await changes.onApplicationShutdown();
  });
});
