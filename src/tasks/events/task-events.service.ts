import { Injectable } from '@nestjs/common';
import { notFound } from '../../common/app-error.js';
import { PulledEvents } from '../../infra/sse/pulled-events.js';
import type { EventSource } from '../../infra/sse/sse.js';
import { ChannelSubscriptions } from '../../infra/redis/channel-subscriptions.js';
import { keys } from '../../infra/redis/keys.js';
import { type EventScope, positionOf } from './task-event.js';
import { TaskEventLog } from './task-event-log.js';
import { TaskEventReader } from './task-event-reader.js';
import { type EndedTask, TaskEventsRepository } from './task-events.repository.js';

export type { EndedTask };

/** How to read live events; called once the stream is open. */
export type TaskEvents = () => Promise<EventSource>;

/** Live events of tasks. */
@Injectable()
export class TaskEventsService {
  constructor(
    private readonly log: TaskEventLog,
    private readonly rows: TaskEventsRepository,
    private readonly feeds: ChannelSubscriptions,
  ) {}

  /** The events of all tasks of a user, after an event that the client has; from a snapshot without one. */
  all(userId: number, lastEventId: string | undefined): TaskEvents {
    return this.open({ userId, taskId: null }, lastEventId);
  }

  /** The events of one task. @throws AppError not_found */
  async one(userId: number, taskId: number, lastEventId: string | undefined): Promise<TaskEvents> {
    if (!(await this.rows.exists(userId, taskId))) throw notFound(`Task ${taskId}`);

    return this.open({ userId, taskId }, lastEventId);
  }

  /** Returns those of the tasks whose newest turn has ended within a day. */
  ended(taskIds: readonly number[]): Promise<EndedTask[]> {
    return this.rows.ended(taskIds);
  }

  private open(scope: EventScope, lastEventId: string | undefined): TaskEvents {
    return async () => {
      // Subscribed before the log is read, so that nothing falls between.
      const feed = await this.feeds.acquire(keys.taskEventsLive(scope.userId));
      const gone = new AbortController();
      const parts = { log: this.log, rows: this.rows, feed };
      const reader = new TaskEventReader(scope, positionOf(scope, lastEventId), parts, gone.signal);

      return new PulledEvents(reader, () => {
        gone.abort();
        this.feeds.release(feed);
      });
    };
  }
}
