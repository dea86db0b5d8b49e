import { useQuery } from '@tanstack/react-query';
import { Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { ApiProblem } from '../../api/api-problem';
import type { Schemas } from '../../api/client';
import { Loaded } from '../../ui/page/loaded';
import { Section } from '../../ui/page/place';
import { StatusBadge } from '../../ui/status-badge';
import styles from './tiles.module.css';

const LOOKED_EACH_MS = 10_000;

type Ready = Schemas['ReadyDto'];

/** The parts of the server: each works, or says what is wrong. */
export function Health() {
  const { t } = useTranslation('admin');
  const query = useQuery({ queryKey: ['admin', 'health'], queryFn: readHealth, refetchInterval: LOOKED_EACH_MS });

  return (
    <Section title={t('health')}>
      <Loaded query={query}>
        {({ status, parts }) => (
          <ul className={styles.tiles}>
            <li>
              <Text fz="xs" c="var(--text-soft)">
                {t('server')}
              </Text>
              <StatusBadge tone={status === 'ok' ? 'good' : 'bad'}>{t(`health_${status}`)}</StatusBadge>
            </li>
            {Object.entries(parts).map(([part, state]) => (
              <li key={part}>
                <Text fz="xs" c="var(--text-soft)">
                  {t(`parts.${part}`, part)}
                </Text>
                <StatusBadge tone={state === 'ok' ? 'good' : 'bad'}>
                  {state === 'ok' ? t('health_ok') : state}
                </StatusBadge>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Section>
  );
}

/** A server that is not ready answers 503 with the same body, so the reply is read whatever its status. */
async function readHealth(): Promise<Ready> {
  const response = await fetch('/api/health/ready').catch(() => null);
  const body = (await response?.json().catch(() => null)) as Partial<Ready> | null | undefined;
  if (!body?.parts || !body.status) throw new ApiProblem(0, 'unreachable', 'The server cannot be reached.');

  return { status: body.status, parts: body.parts };
}
