import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { isRunning, useLiveTasks } from '../stream/tasks/live-tasks';
import { setOpenTask, useUnreadTasks } from '../stream/tasks/unread';
import type { Place } from './places';

/** Shows in the tab of the browser what is open, how many answers are unread, and whether one is being written. */
export function usePageStatus(place: Place['name'], openTask: number | null): void {
  const { t } = useTranslation();
  const tasks = useLiveTasks();
  const unread = useUnreadTasks().size;
  const isAnswering = [...tasks.values()].some(isRunning);
  const title = (openTask !== null && tasks.get(openTask)?.title) || t(`places.${place}`);

  useEffect(() => setOpenTask(openTask), [openTask]);
  useEffect(() => {
    document.title = `${unread > 0 ? `(${unread}) ` : ''}${title} · Conch`;
  }, [title, unread]);
  useEffect(() => {
    showIcon(isAnswering ? 'favicon-answering' : unread > 0 ? 'favicon-unread' : 'favicon');
  }, [isAnswering, unread]);
}

function showIcon(name: string): void {
  const link = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
  if (link) link.href = `/${name}.svg`;
}
