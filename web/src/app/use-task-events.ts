import { useNavigate } from '@tanstack/react-router';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { notify } from '../stream/tasks/notifications';
import { TaskEvents } from '../stream/tasks/task-events';

/** Follows all tasks as long as the page is open. */
export function useTaskEvents(): void {
  const { i18n } = useTranslation();
  const navigate = useNavigate();

  useEffect(
    () =>
      new TaskEvents(({ id, title, status }) => {
        const body = i18n.t(status === 'FAILED' ? 'layout:notify.failed' : 'layout:notify.done');
        notify(title, body, () => void navigate({ to: '/chat/$taskId', params: { taskId: String(id) } }));
      }).start(),
    [i18n, navigate],
  );
}
