import { ExternalStore, useStore } from '../external-store';
import { isRunning } from './live-tasks';
import { isVisible } from '../wake-ups';
import { readStored, writeStored } from '../../ui/browser-storage';

/** Ids that are kept at most, the newest. */
const MAX_KEPT = 200;
const UNREAD = 'conch-unread';
const RUNNING = 'conch-running';

/** Conversations whose answer has ended without having been seen; all tabs of the browser share them. */
export const unreadTasks = new ExternalStore<ReadonlySet<number>>(readIds(UNREAD));
export const useUnreadTasks = () => useStore(unreadTasks);

let openTask: number | null = null;

/** Says which conversation is shown. It is read as long as the page is visible. */
export function setOpenTask(taskId: number | null): void {
  openTask = taskId;
  if (taskId !== null && isVisible()) markRead(taskId);
}

export const isReading = (taskId: number): boolean => openTask === taskId && isVisible();

export function markRead(taskId: number): void {
  const unread = readIds(UNREAD);
  if (unread.delete(taskId)) writeIds(UNREAD, unread);
  unreadTasks.set(unread);
}

/**
 * Notices the end of an answer, also of one that ended while no page was open.
 * @returns whether it has ended since the last look, unread
 */
export function noticeEnd({ id, status }: { id: number; status: string }): boolean {
  const running = readIds(RUNNING);
  if (isRunning({ status })) {
    if (!running.has(id)) writeIds(RUNNING, running.add(id));

    return false;
  }
  if (!running.delete(id)) return false;
  writeIds(RUNNING, running);
  // Nobody waits for a conversation that was deleted, or for one that was stopped by hand.
  if (status === 'DELETE' || status === 'CANCELLED' || isReading(id)) return false;
  const unread = readIds(UNREAD).add(id);
  writeIds(UNREAD, unread);
  unreadTasks.set(unread);

  return true;
}

/** Follows what other tabs mark, and what becomes visible in this one. @returns a function that ends it */
export function followUnread(): () => void {
  const read = () => {
    unreadTasks.set(readIds(UNREAD));
    if (openTask !== null && isVisible() && unreadTasks.get().has(openTask)) markRead(openTask);
  };
  const onStorage = ({ key }: StorageEvent) => {
    if (key === UNREAD) read();
  };
  window.addEventListener('storage', onStorage);
  document.addEventListener('visibilitychange', read);

  return () => {
    window.removeEventListener('storage', onStorage);
    document.removeEventListener('visibilitychange', read);
  };
}

function readIds(key: string): Set<number> {
  return new Set((readStored(key) as number[] | null) ?? []);
}

function writeIds(key: string, ids: ReadonlySet<number>): void {
  writeStored(key, [...ids].slice(-MAX_KEPT));
}
