import { Injectable } from '@nestjs/common';
import { notFound } from '../../common/app-error.js';
import { SseReaderSource } from '../../infra/sse/sse-reader-source.js';
import type { OpenSseSource } from '../../infra/sse/sse-source.js';
import { ChannelSubscriptions } from '../../infra/redis/channel-subscriptions.js';
import { keys } from '../../infra/redis/keys.js';
import { type EventScope, positionOf } from './task-event.js';
import { TaskEventLog } from './task-event-log.js';
import { TaskEventReader } from './task-event-reader.js';
import { type EndedTask, TaskEventsRepository } from './task-events.repository.js';

export type { EndedTask };

/** Live events of tasks. */
@Injectable()
export class TaskEventsService {
  constructor(
    private readonly log: TaskEventLog,
    private readonly rows: TaskEventsRepository,
    private readonly feeds: ChannelSubscriptions,
  ) {}

  /** The events of all tasks of a user, after an event that the client has; from a snapshot without one. */
  all(userId: number, lastEventId: string | undefined): OpenSseSource {
    return this.open({ userId, taskId: null }, lastEventId);
  }

  /** The events of one task. @throws AppError not_found */
  async one(userId: number, taskId: number, lastEventId: string | undefined): Promise<OpenSseSource> {
    if (!(await this.rows.exists(userId, taskId))) throw notFound(`Task ${taskId}`);

    return this.open({ userId, taskId }, lastEventId);
  }

  /** Returns those of the tasks whose newest turn has ended within a day. */
  ended(taskIds: readonly number[]): Promise<EndedTask[]> {
    return this.rows.ended(taskIds);
  }

  private open(scope: EventScope, lastEventId: string | undefined): OpenSseSource {
    return async () => {
      // Subscribed before the log is read, so that nothing falls between.
      const feed = await this.feeds.acquire(keys.taskEventsLive(scope.userId));
      const gone = new AbortController();
      const parts = { log: this.log, rows: this.rows, feed };
      const reader = new TaskEventReader(scope, positionOf(scope, lastEventId), parts, gone.signal);

      return new SseReaderSource(reader, () => {
        gone.abort();
        this.feeds.release(feed);
      });
    };
  }
}
