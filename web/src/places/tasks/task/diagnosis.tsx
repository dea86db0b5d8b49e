import { Group, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import type { Schemas } from '../../../api/client';
import { taskKey } from '../../../stream/query-keys';
import { ButtonLink } from '../../../ui/button-link';
import { Facts } from '../../../ui/page/facts';
import { formatNumber } from '../../../ui/format';
import { Loaded } from '../../../ui/page/loaded';
import { RelativeTime } from '../../../ui/relative-time';
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
    <section className={styles.card} aria-label={t('diagnosis.title')}>
      <Loaded query={query}>{(diagnosis) => <DiagnosisContent task={task} diagnosis={diagnosis} />}</Loaded>
    </section>
  );
}

function DiagnosisContent({ task, diagnosis }: { task: Task; diagnosis: TaskDiagnosis }) {
  const { t } = useTranslation('tasks');
  const { hints, queue, upstream } = diagnosis;

  return (
    <>
      <Text fw={600}>{t(`diagnosis.next.${diagnosis.next_action}`)}</Text>
      {diagnosis.next_action !== 'none' &&
        hints.map((hint) => (
          <Text key={hint} c="var(--text-soft)">
            {hint}
          </Text>
        ))}
      <Facts
        items={[
          [t('diagnosis.lastEvent'), diagnosis.last_event_at && <RelativeTime time={diagnosis.last_event_at} />],
          [t('diagnosis.owner'), diagnosis.owner],
          [t('diagnosis.lease'), diagnosis.lease_expires_at && <RelativeTime time={diagnosis.lease_expires_at} />],
          [t('diagnosis.queue'), queue && queueWords(queue, (position) => t('diagnosis.position', { position }))],
          [t('diagnosis.upstream'), upstream && `${upstream.kind}: ${upstream.id}`],
        ]}
      />
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

function queueWords(queue: NonNullable<TaskDiagnosis['queue']>, position: (place: string) => string): string {
  const place = queue.position === null ? [] : [position(formatNumber(queue.position))];

  return [queue.name, queue.state, ...place].join(' · ');
}
