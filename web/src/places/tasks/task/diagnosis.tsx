import { Group } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import type { Schemas } from '../../../api/client';
import { taskKey } from '../../../stream/query-keys';
import { ButtonLink } from '../../../ui/button-link';
import { DiagnosisView } from '../../../ui/diagnosis/diagnosis-view';
import { Loaded } from '../../../ui/page/loaded';
import styles from './diagnosis.module.css';
import { CancelButton, RetryButton } from './task-actions';
import { canRetry, isActive } from '../task-state';
import { diagnosisQuery, type Task } from '../tasks.data';

type TaskDiagnosis = Schemas['TaskDiagnosisDto'];

/** Where a task is and what happens next, in words, with what the reader can do about it. */
export function Diagnosis({ task }: { task: Task }) {
  const { t } = useTranslation('tasks');
  const client = useQueryClient();
  const query = useQuery(diagnosisQuery(task.id, task.status));
  const told = query.data?.status;
  useEffect(() => {
    // It knows of the end before the row that is shown.
    if (told !== undefined && told !== task.status)
      void client.invalidateQueries({ queryKey: taskKey(task.id), exact: true });
  }, [client, told, task.id, task.status]);

  return (
    <section className={styles.card} aria-label={t('diagnosis')}>
      <Loaded query={query}>{(diagnosis) => <DiagnosisContent task={task} diagnosis={diagnosis} />}</Loaded>
    </section>
  );
}

function DiagnosisContent({ task, diagnosis }: { task: Task; diagnosis: TaskDiagnosis }) {
  const { t } = useTranslation('tasks');

  return (
    <>
      <DiagnosisView diagnosis={diagnosis} />
      <Group gap="sm" className={styles.actions}>
        {isActive(task.status) && <CancelButton task={task} size="xs" />}
        {canRetry(task.status) && <RetryButton task={task} size="xs" />}
        {['answer_input', 'start_answer'].includes(diagnosis.next_action) && (
          <ButtonLink to="/chat/$taskId" params={{ taskId: String(task.id) }} size="xs">
            {t('openChat')}
          </ButtonLink>
        )}
      </Group>
    </>
  );
}
