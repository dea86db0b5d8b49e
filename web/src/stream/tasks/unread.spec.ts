import { beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryStorage } from '../browser-storage.testing';
import { markRead, noticeEnd, setOpenTask, unreadTasks } from './unread';

describe('unread answers', () => {
  const page = { visibilityState: 'visible' };

  beforeEach(() => {
    Object.assign(globalThis, { localStorage: new MemoryStorage(), document: page });
    page.visibilityState = 'visible';
    setOpenTask(null);
    unreadTasks.set(new Set());
  });

  /** Tells these statuses of a task one after the other. @returns whether the last one was an unread end */
  const tell = (id: number, ...statuses: string[]) =>
    statuses.map((status) => noticeEnd({ id, status })).at(-1) ?? false;
  const unread = () => [...unreadTasks.get()];

  it.each(['COMPLETED', 'FAILED'])('are those that ended unseen: %s', (status) => {
    expect(tell(1, 'PENDING', 'RUNNING', status)).toBe(true);
    expect(unread()).toEqual([1]);
    expect(tell(1, status)).toBe(false);
    markRead(1);
    expect(unread()).toEqual([]);
  });

  it('are not those that were known as ended, stopped or deleted', () => {
    expect(tell(1, 'COMPLETED')).toBe(false);
    expect(tell(2, 'RUNNING', 'CANCELLING', 'CANCELLED')).toBe(false);
    expect(tell(3, 'RUNNING', 'DELETE')).toBe(false);
    expect(unread()).toEqual([]);
  });

  it('are read when they are open and the page is visible', () => {
    setOpenTask(1);
    expect(tell(1, 'RUNNING', 'COMPLETED')).toBe(false);
    page.visibilityState = 'hidden';
    expect(tell(1, 'RUNNING', 'COMPLETED')).toBe(true);
    page.visibilityState = 'visible';
    setOpenTask(1);
    expect(unread()).toEqual([]);
  });
});
