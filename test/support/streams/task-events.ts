import type { EventSourceMessage } from 'eventsource-parser';
import type { TaskEvent } from '../../../src/tasks/events/task-event.js';
import { connect, EventStream, type StreamRequest } from './event-stream.js';
import type { Conch } from '../conch.js';

/** One event of a live stream of tasks; `id` is empty where a client cannot go on. */
export interface ReceivedTaskEvent {
  id: string;
  data: TaskEvent;
}

/** Live events of one task, or of all tasks of the caller. */
export class TaskEventStream extends EventStream<ReceivedTaskEvent> {
  /** @param lastEventId as a browser sends it */
  static async open(
    server: Conch,
    taskId: number | null,
    lastEventId?: string,
    { query, ...options }: StreamRequest & { query?: string } = {},
  ): Promise<TaskEventStream> {
    const headers = { ...options.headers, ...(lastEventId !== undefined && { 'last-event-id': lastEventId }) };
    const path = taskId === null ? '/tasks/events' : `/tasks/${taskId}/events`;
    const { outgoing, reply } = await connect(`${server.url}/api${path}${query ? `?${query}` : ''}`, {
      ...options,
      headers,
    });

    return new TaskEventStream(toReceived, outgoing, reply, options.pauseAfter);
  }

  /** Statuses of a task, or of a subtask, in the order in which they came. */
  statuses(type: TaskEvent['type'], id: number): string[] {
    return this.events.flatMap(({ data }) => (data.type === type && rowOf(data).id === id ? [rowOf(data).status] : []));
  }

  /** Resolves when the task has been told with this status. */
  untilTask(taskId: number, status: string): Promise<ReceivedTaskEvent> {
    return this.until(({ data }) => data.type === 'task' && data.task.id === taskId && data.task.status === status);
  }

  /** Resolves with the event that closes the snapshot: the first that has an id. */
  untilSnapshot(): Promise<ReceivedTaskEvent> {
    return this.until(({ id }) => id !== '');
  }
}

export const rowOf = (event: TaskEvent) => (event.type === 'task' ? event.task : event.subtask);

/** What a client shows after some events: the newest state of each row. */
export function shown(events: readonly ReceivedTaskEvent[]): Record<string, unknown> {
  return Object.fromEntries(events.map(({ data }) => [`${data.type} ${rowOf(data).id}`, rowOf(data)]));
}

function toReceived({ id = '', data, event }: EventSourceMessage): ReceivedTaskEvent {
  if (event !== undefined) throw new Error(`the contract has no event names, but there came ${event}`);

  return { id, data: JSON.parse(data) as TaskEvent };
}

/** Whether an event shows a task of this title. */
export const withTitle =
  (title: string) =>
  ({ data }: ReceivedTaskEvent) =>
    data.type === 'task' && data.task.title === title;
