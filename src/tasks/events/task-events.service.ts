import { Injectable, type MessageEvent } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { notFound } from '../../common/app-error.js';
import { type ChannelSubscription, ChannelSubscriptions } from '../../infra/redis/channel-subscriptions.js';
import { keys } from '../../infra/redis/keys.js';
import { openReader, type SseReader } from '../../infra/sse/sse-reader-source.js';
import type { OpenSseSource } from '../../infra/sse/sse-source.js';
import {
  type EndedTask,
  type EventScope,
  positionOf,
  type RowRef,
  rowsOf,
  type TaskEvent,
  taskMessage,
  toEventId,
} from './task-event.js';
import { TaskEventLog } from './task-event-log.js';
import { TaskEventsRepository } from './task-events.repository.js';

/** Changes that one read of the log returns. */
const READ_COUNT = 64;
/** Rows of one query: limits the memory of a reader to some megabytes, at the largest events. */
const ROWS_AT_A_TIME = 25;
/** Shortest time between two reads of the log: changes that follow each other faster are sent together. */
const INTERVAL_MS = 20;
/** Pause before the next attempt when a store is away. */
const RETRY_MS = 500;

/** Live events of tasks. */
@Injectable()
export class TaskEventsService {
  constructor(
    private readonly log: TaskEventLog,
    private readonly rows: TaskEventsRepository,
    private readonly feeds: ChannelSubscriptions,
  ) {}

  /** Returns the events of all tasks of a user, after an event that the client has; from a snapshot without one. */
  all(userId: number, lastEventId: string | undefined): OpenSseSource {
    return this.open({ userId, taskId: null }, lastEventId);
  }

  /** Returns the events of one task. @throws AppError not_found */
  async one(userId: number, taskId: number, lastEventId: string | undefined): Promise<OpenSseSource> {
    if (!(await this.rows.exists(userId, taskId))) throw notFound(`Task ${taskId}`);

    return this.open({ userId, taskId }, lastEventId);
  }

  /** Returns those of the tasks whose newest turn has ended within a day. */
  ended(taskIds: readonly number[]): Promise<EndedTask[]> {
    return this.rows.ended(taskIds);
  }

  private open(scope: EventScope, lastEventId: string | undefined): OpenSseSource {
    return openReader(this.feeds, keys.taskEventsLive(scope.userId), (feed, signal) => {
      const parts = { log: this.log, rows: this.rows, feed };

      return new TaskEventReader(scope, positionOf(scope, lastEventId), parts, signal);
    });
  }
}

/** Where a reader gets its events from. */
interface ReaderParts {
  log: TaskEventLog;
  rows: TaskEventsRepository;
  feed: ChannelSubscription;
}

/**
 * Cursor of one client over the changes of a user's tasks. It reads on only when the caller asks for more.
 *
 * A snapshot reads the end of the log before the rows, so that what is changed meanwhile is sent again rather than never.
 */
class TaskEventReader implements SseReader {
  /** The one task of this stream was deleted. */
  ended = false;
  /** Id of the newest event after which a client can resume; '' before there is one. */
  private lastId = '';
  /** Rows to send before the position in the log is reached. */
  private pending: RowRef[] = [];
  private generation: number;
  private isFirst: boolean;
  private lastReadAt = 0;

  /** @param position the position in the log to go on from; null to begin with a snapshot */
  constructor(
    private readonly scope: EventScope,
    private position: string | null,
    private readonly parts: ReaderParts,
    private readonly signal: AbortSignal,
  ) {
    this.generation = parts.feed.generation;
    this.isFirst = position === null;
  }

  async next(): Promise<readonly MessageEvent[]> {
    while (!this.signal.aborted) {
      try {
        const messages = this.pending.length > 0 ? await this.readRows() : await this.readLog();
        if (messages.length > 0) return messages;
      } catch {
        // Redis or the database is away, and says so in the log of the process.
        await this.pause(RETRY_MS);
      }
    }

    return [];
  }

  /** Only the last event of a position in the log gets its id; the others repeat the id before, so that they are sent again. */
  private async readRows(): Promise<MessageEvent[]> {
    const refs = this.pending.slice(0, ROWS_AT_A_TIME);
    const events = await this.parts.rows.events(this.scope.userId, refs);
    this.pending = this.pending.slice(refs.length);
    this.ended = this.scope.taskId !== null && events.some(isDeletion);
    const isLast = this.pending.length === 0 && this.position !== null;
    const before = this.lastId;
    if (isLast && events.length > 0) this.lastId = toEventId(this.scope, this.position ?? '');

    return events.map((event, index) => taskMessage(event, index === events.length - 1 ? this.lastId : before));
  }

  /** Finds which rows to read next, or waits until there may be some. */
  private async readLog(): Promise<[]> {
    const { feed, log } = this.parts;
    const { version } = feed;
    if (this.position === null || this.generation !== feed.generation) return this.startSnapshot();
    await this.pause(this.lastReadAt + INTERVAL_MS - Date.now());
    const changes = await log.after(this.scope.userId, this.position, READ_COUNT);
    this.lastReadAt = Date.now();
    if (changes === null) return this.startSnapshot();
    this.pending = rowsOf(changes, this.scope);
    this.position = changes.at(-1)?.id ?? this.position;
    if (changes.length === 0) await feed.changed(version, this.signal);

    return [];
  }

  private async startSnapshot(): Promise<[]> {
    const { generation } = this.parts.feed;
    const position = await this.parts.log.lastPosition(this.scope.userId);
    this.pending = await this.parts.rows.snapshot(this.scope, !this.isFirst);
    this.isFirst = false;
    this.generation = generation;
    this.position = position;

    return [];
  }

  private async pause(ms: number): Promise<void> {
    if (ms > 0) await sleep(ms, undefined, { signal: this.signal }).catch(() => undefined);
  }
}

const isDeletion = (event: TaskEvent): boolean => event.type === 'task' && event.task.status === 'DELETE';
