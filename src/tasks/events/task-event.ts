import type { MessageEvent } from '@nestjs/common';
import type { TERMINAL } from '../task-status.js';
import type { SubtaskDto } from '../subtasks.dto.js';
import type { TaskDto } from '../tasks.dto.js';
import type { TaskRow } from '../turns/answer-turn.js';

/** What a live stream of tasks sends. */
export type TaskEvent =
  | { type: 'task'; task: TaskDto; result_omitted?: true }
  | { type: 'subtask'; subtask: SubtaskDto; result_omitted?: true };

/** What a stream sends the changes of: one task, or all tasks of a user. */
export interface EventScope {
  userId: number;
  /** Null: all tasks of the user. */
  taskId: number | null;
}

/** A row that a stream has to send. */
export interface RowRef {
  kind: TaskEvent['type'];
  id: number;
}

/** One entry of a user's log: what was changed together. */
export interface LoggedChange {
  /** Id of the entry in the Redis Stream. */
  id: string;
  taskId: number;
  subtaskIds: readonly number[];
}

/** A task whose newest turn has ended. */
export type EndedTask = Pick<
  TaskRow,
  'id' | 'userId' | 'teamId' | 'title' | 'progress' | 'errorMessage' | 'createdAt'
> & {
  status: (typeof TERMINAL)[number];
  completedAt: Date;
};

/** Largest event, in bytes of its JSON; a result that makes it bigger is left out, clients read it by REST. */
export const MAX_EVENT_BYTES = 64 * 1024;

/** Returns the rows that some changes are about, each once, a task before its subtasks. */
export function rowsOf(changes: readonly LoggedChange[], { taskId }: EventScope): RowRef[] {
  const subtasksOf = new Map<number, Set<number>>();
  for (const change of changes) {
    if (change.taskId === 0 || (taskId !== null && change.taskId !== taskId)) continue;
    const known = subtasksOf.get(change.taskId) ?? new Set();
    for (const id of change.subtaskIds) known.add(id);
    subtasksOf.set(change.taskId, known);
  }

  return [...subtasksOf].flatMap(([id, subtasks]): RowRef[] => [
    { kind: 'task', id },
    ...[...subtasks].map((subtaskId) => ({ kind: 'subtask' as const, id: subtaskId })),
  ]);
}

/**
 * Returns one event as `@Sse` sends it.
 * @param id where a client can resume after it; '' makes a client forget its id, so that it resumes from a snapshot
 */
export function taskMessage(event: TaskEvent, id: string): MessageEvent {
  return { id, data: toJson(event) };
}

function toJson(event: TaskEvent): string {
  const json = JSON.stringify(event);
  const row = event.type === 'task' ? event.task : event.subtask;
  if (row.result === null || Buffer.byteLength(json) <= MAX_EVENT_BYTES) return json;

  return JSON.stringify({ ...event, result_omitted: true }, (key, value: unknown) => (key === 'result' ? null : value));
}

/** Returns the SSE id of a position in the log. It names its stream, because positions of other streams are not valid. */
export function toEventId(scope: EventScope, position: string): string {
  return `${nameOf(scope)}-${position}`;
}

/** Returns the position in the log that a Last-Event-ID of this stream names; null for anything else. */
export function positionOf(scope: EventScope, eventId: string | undefined): string | null {
  const match = /^([tu]\d{1,10})-(\d{1,15}-\d{1,10})$/.exec(eventId ?? '');

  return match?.[1] === nameOf(scope) ? (match[2] ?? null) : null;
}

const nameOf = ({ userId, taskId }: EventScope): string => (taskId === null ? `u${userId}` : `t${taskId}`);
