import { Text } from '@mantine/core';
import { lazy, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { FirstStep } from '../../../ui/page/first-step';
import { isActive } from '../task-state';
import type { Task } from '../tasks.data';

const ResultText = lazy(async () => ({ default: (await import('./result-text')).ResultText }));

/** The newest answer as text; what is no text as JSON. */
export function TaskResult({ task }: { task: Task }) {
  const { t } = useTranslation('tasks');
  const value = task.result?.['value'];
  if (task.result === null || value === undefined || value === '')
    return (
      <FirstStep
        title={t('noResult')}
        text={isActive(task.status) ? t('noResultYet') : (task.error_message ?? t('noResultEnded'))}
      />
    );

  return (
    <>
      {task.error_message && (
        <Text c="red" mb="md">
          {task.error_message}
        </Text>
      )}
      <Suspense>
        <ResultText text={typeof value === 'string' ? value : JSON.stringify(value, null, 2)} />
      </Suspense>
    </>
  );
}
