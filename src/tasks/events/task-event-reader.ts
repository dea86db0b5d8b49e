import type { MessageEvent } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SseReader } from '../../infra/sse/sse-reader-source.js';
import type { ChannelSubscription } from '../../infra/redis/channel-subscriptions.js';
import { type EventScope, type RowRef, rowsToTell, type TaskEvent, taskMessage, toEventId } from './task-event.js';
import type { TaskEventLog } from './task-event-log.js';
import type { TaskEventsRepository } from './task-events.repository.js';

/** Changes that one look into the log brings. */
const READ_COUNT = 64;
/** Rows that one query brings: bounds what a reader holds to some megabytes, at the largest events. */
const ROWS_AT_A_TIME = 25;
/** Shortest time between two looks into the log: changes that follow each other faster are sent together. */
const INTERVAL_MS = 20;
/** How long to wait for a store that is away before looking again. */
const RETRY_MS = 500;

/** Where a reader gets its events from. */
export interface ReaderParts {
  log: TaskEventLog;
  rows: TaskEventsRepository;
  feed: ChannelSubscription;
}

/**
 * One reader's place among the changes of a user's tasks. Pulled: nothing is read on before the caller asks.
 *
 * A snapshot reads the end of the log before the rows, so that what is changed meanwhile is sent again rather than never.
 */
export class TaskEventReader implements SseReader {
  /** The one task of this stream was deleted. */
  ended = false;
  /** Id of the newest event after which a client can resume; '' before there is one. */
  private lastId = '';
  /** Rows to tell before the place in the log is reached. */
  private pending: RowRef[] = [];
  private generation: number;
  private isFirst: boolean;
  private lookedAt = 0;

  /** @param position the place in the log to go on from; null to begin with a snapshot */
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

  /** An event before the last one of its place in the log repeats the id before: a client that resumes gets it again. */
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
    await this.pause(this.lookedAt + INTERVAL_MS - Date.now());
    const changes = await log.after(this.scope.userId, this.position, READ_COUNT);
    this.lookedAt = Date.now();
    if (changes === null) return this.startSnapshot();
    this.pending = rowsToTell(changes, this.scope);
    this.position = changes.at(-1)?.id ?? this.position;
    if (changes.length === 0) await feed.changed(version, this.signal);

    return [];
  }

  private async startSnapshot(): Promise<[]> {
    const { generation } = this.parts.feed;
    const position = await this.parts.log.end(this.scope.userId);
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
