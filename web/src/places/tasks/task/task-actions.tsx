import { Button } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../../api/client';
import { taskKey, tasksKey } from '../../../stream/query-keys';
import { ButtonLink } from '../../../ui/button-link';
import { ConfirmDialog } from '../../../ui/forms/confirm-dialog';
import { useAction } from '../../../ui/problems/use-action';
import { canRetry, isActive } from '../task-state';
import type { Task } from '../tasks.data';

/** What can be done with a task now. */
export function TaskActions({ task }: { task: Task }) {
  const { t } = useTranslation('tasks');

  return (
    <>
      {isActive(task.status) && <CancelButton task={task} />}
      {canRetry(task.status) && <RetryButton task={task} />}
      {task.task_type === 'chat' && (
        <ButtonLink to="/chat/$taskId" params={{ taskId: String(task.id) }} variant="default">
          {t('openChat')}
        </ButtonLink>
      )}
      <DeleteButton task={task} />
    </>
  );
}

/** Asks the task to stop. Also works before it has begun. */
export function CancelButton({ task: { id, status }, size }: { task: Task; size?: string }) {
  const { t } = useTranslation('tasks');
  const cancel = useAction(() => api.POST('/api/tasks/{id}/cancel', { params: { path: { id } } }), {
    refresh: [taskKey(id)],
  });
  const isStopping = status === 'CANCELLING';

  return (
    <Button
      variant="default"
      size={size}
      loading={cancel.isPending}
      disabled={isStopping}
      onClick={() => cancel.mutate()}
    >
      {isStopping ? t('stopping') : t('stop')}
    </Button>
  );
}

/** Asks the newest question again. */
export function RetryButton({ task: { id }, size }: { task: Task; size?: string }) {
  const { t } = useTranslation('tasks');
  const retry = useAction(() => api.POST('/api/tasks/{id}/retry', { params: { path: { id } } }), {
    refresh: [taskKey(id)],
  });

  return (
    <Button variant="default" size={size} loading={retry.isPending} onClick={() => retry.mutate()}>
      {t('retry')}
    </Button>
  );
}

function DeleteButton({ task: { id, title } }: { task: Task }) {
  const { t } = useTranslation('tasks');
  const navigate = useNavigate();
  const [isAsking, setAsking] = useState(false);
  const remove = useAction(() => api.DELETE('/api/tasks/{id}', { params: { path: { id } } }), {
    onDone: () => void navigate({ to: '/tasks' }),
    refresh: [[...tasksKey, 'list']],
    isShownInPlace: true,
  });

  return (
    <>
      <Button variant="subtle" color="gray" onClick={() => setAsking(true)}>
        {t('delete')}
      </Button>
      <ConfirmDialog
        opened={isAsking}
        title={t('deleteTitle', { title: title || id })}
        confirmLabel={t('delete')}
        isPending={remove.isPending}
        error={remove.error}
        onConfirm={() => remove.mutate()}
        onClose={() => setAsking(false)}
      >
        {t('deleteText')}
      </ConfirmDialog>
    </>
  );
}
