import type { Schemas } from '../../api/client';
import { NO_CONNECTION } from '../answer/answer-state';
import { ExternalStore, useStore } from '../external-store';

export type TaskEvent = Schemas['TaskEvent'];
/** A task as the live events tell it, without its result. */
export type LiveTask = Omit<Schemas['TaskDto'], 'result'>;

/** The unfinished and the newest tasks of the reader, by id. */
export const liveTasks = new ExternalStore<ReadonlyMap<number, LiveTask>>(new Map());

/** How the stream of the live events is doing, in whichever tab has it. */
export const taskConnection = new ExternalStore(NO_CONNECTION);

/** The unfinished and the newest tasks of the reader, live. */
export const useLiveTasks = () => useStore(liveTasks);

/** How the connection to the server is doing. */
export const useTaskConnection = () => useStore(taskConnection);

export const isRunning = ({ status }: { status: string }): boolean =>
  status === 'PENDING' || status === 'RUNNING' || status === 'CANCELLING';

/** Applies one event. */
export function updateLiveTasks(event: TaskEvent): void {
  if (event.type !== 'task') return;
  const { result: _result, ...task } = event.task;
  const tasks = new Map(liveTasks.get());
  if (task.status === 'DELETE') tasks.delete(task.id);
  else tasks.set(task.id, task);
  liveTasks.set(tasks);
}
