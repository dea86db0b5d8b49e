import { Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Schemas } from '../../api/client';
import { formatNumber } from '../format';
import { Facts } from '../page/facts';
import { RelativeTime } from '../relative-time';
import { useReasonText } from './use-reason-text';

type Diagnosis = Schemas['TaskDiagnosisDto'];

/** Where a task is, why, and what happens next, in words. */
export function DiagnosisView({ diagnosis }: { diagnosis: Diagnosis }) {
  const { t } = useTranslation('diagnosis');
  const reasonText = useReasonText();
  const { next_action: next, queue, upstream } = diagnosis;

  return (
    <Stack gap="sm">
      <Text fw={600}>{t(`next.${next}`)}</Text>
      {diagnosis.reasons
        // The line above says that already.
        .filter(({ code }) => code !== 'ended')
        .map((reason) => (
          <Text key={reason.code} c="var(--text-soft)">
            {reasonText(reason)}
          </Text>
        ))}
      <Facts
        items={[
          [t('fact.lastEvent'), diagnosis.last_event_at && <RelativeTime time={diagnosis.last_event_at} />],
          [t('fact.owner'), diagnosis.owner],
          [t('fact.lease'), diagnosis.lease_expires_at && <RelativeTime time={diagnosis.lease_expires_at} />],
          [t('fact.queue'), queue && <QueuePlace {...queue} />],
          [t('fact.upstream'), upstream && t(`upstream.${upstream.kind}`, upstream.id, { id: upstream.id })],
        ]}
      />
    </Stack>
  );
}

/** A queue and the place in it. Names of later servers are shown as they are. */
function QueuePlace({ name, state, position }: NonNullable<Diagnosis['queue']>) {
  const { t } = useTranslation('diagnosis');
  // A colon divides the namespace from the key.
  const key = name.replace(':', '_');
  const words = [t(`queue.${key}`, name), t(`queueState.${state}`, state)];
  if (position !== null) words.push(t('fact.position', { position: formatNumber(position) }));

  return words.join(' · ');
}
