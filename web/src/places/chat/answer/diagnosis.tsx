import { Button, Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, bodyOf, type Schemas } from '../../../api/client';
import { formatRelative } from '../../../ui/format';
import { chatKeys } from '../data/chat-keys';
import classes from './answer.module.css';

/** A link that says why an answer waits, in place. */
export function Diagnosis({ taskId, isOpenAtFirst = false }: { taskId: number; isOpenAtFirst?: boolean }) {
  const { t } = useTranslation('chat');
  const [isOpen, setOpen] = useState(isOpenAtFirst);
  if (!isOpen) {
    return (
      <Button variant="subtle" size="compact-sm" onClick={() => setOpen(true)}>
        {t('diagnosis.why')}
      </Button>
    );
  }

  return <Findings taskId={taskId} />;
}

function Findings({ taskId }: { taskId: number }) {
  const { t } = useTranslation('chat');
  const { data, error, refetch, isFetching } = useQuery({
    queryKey: chatKeys.diagnosis(taskId),
    queryFn: ({ signal }) => bodyOf(api.GET('/api/tasks/{id}/diagnosis', { params: { path: { id: taskId } }, signal })),
    staleTime: 0,
  });

  return (
    <section className={classes['diagnosis']} aria-label={t('diagnosis.label')}>
      {error && <p>{error.message}</p>}
      {!data && !error && <Skeleton height={48} />}
      {data && <Facts facts={data} />}
      <Button variant="subtle" size="compact-sm" disabled={isFetching} onClick={() => void refetch()}>
        {t('diagnosis.again')}
      </Button>
    </section>
  );
}

function Facts({ facts }: { facts: Schemas['TaskDiagnosisDto'] }) {
  const { t } = useTranslation('chat');
  const rows: [string, string | null][] = [
    [t('diagnosis.next'), t(`diagnosis.action.${facts.next_action}`)],
    [t('diagnosis.lastEvent'), facts.last_event_at && formatRelative(facts.last_event_at)],
    [t('diagnosis.queue'), facts.queue ? `${facts.queue.name}, ${facts.queue.position ?? facts.queue.state}` : null],
    [t('diagnosis.upstream'), facts.upstream ? `${facts.upstream.kind} ${facts.upstream.id}` : null],
    [t('diagnosis.owner'), facts.owner],
    [t('diagnosis.lease'), facts.lease_expires_at && formatRelative(facts.lease_expires_at)],
  ];

  return (
    <>
      {facts.hints.map((hint) => (
        <p key={hint}>{hint}</p>
      ))}
      <dl>
        {rows.map(([name, value]) =>
          value ? (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ) : null,
        )}
      </dl>
    </>
  );
}
