import { Button, Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { lazy, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, bodyOf } from '../../../api/client';
import { withTexts } from '../../../i18n/i18n';
import { LazyPart } from '../../../ui/problems/lazy-part';
import { chatKeys } from '../data/chat-keys';
import classes from './answer.module.css';

const DiagnosisView = lazy(async () => {
  const { DiagnosisView: view } = await withTexts(import('../../../ui/diagnosis/diagnosis-view'), 'diagnosis');

  return { default: view };
});

/** A link that says why an answer waits, in place. */
export function Diagnosis({ taskId }: { taskId: number }) {
  const { t } = useTranslation('chat');
  const [isOpen, setOpen] = useState(false);
  if (!isOpen) {
    return (
      <Button variant="subtle" size="compact-sm" onClick={() => setOpen(true)}>
        {t('diagnosis.why')}
      </Button>
    );
  }

  return (
    <div className={classes['diagnosis']}>
      <Findings taskId={taskId} />
    </div>
  );
}

/** Why an answer waits, or has failed. */
export function Findings({ taskId }: { taskId: number }) {
  const { t } = useTranslation('chat');
  const { data, error, refetch, isFetching } = useQuery({
    queryKey: chatKeys.diagnosis(taskId),
    queryFn: ({ signal }) => bodyOf(api.GET('/api/tasks/{id}/diagnosis', { params: { path: { id: taskId } }, signal })),
    staleTime: 0,
  });
  const waiting = <Skeleton height={48} />;

  return (
    <section className={classes['findings']} aria-label={t('diagnosis.label')}>
      {error && <p>{error.message}</p>}
      {!error && <LazyPart fallback={waiting}>{data ? <DiagnosisView diagnosis={data} /> : waiting}</LazyPart>}
      <Button variant="subtle" size="compact-sm" disabled={isFetching} onClick={() => void refetch()}>
        {t('diagnosis.again')}
      </Button>
    </section>
  );
}
