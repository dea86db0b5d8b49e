import { Anchor, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { problemOf } from '../../api/api-problem';
import { authorization } from '../../api/session';
import { formatDuration, formatNumber } from '../../ui/format';
import { Loaded } from '../../ui/page/loaded';
import { Section } from '../../ui/page/place';
import { meanOf, readSamples, type Sample, sumOf } from './metrics-text';
import styles from './tiles.module.css';

const READ_EACH_MS = 10_000;

/** A handful of numbers of this process, and the way to its queues. */
export function ServerFigures() {
  const { t } = useTranslation('admin');
  const query = useQuery({ queryKey: ['admin', 'metrics'], queryFn: readMetrics, refetchInterval: READ_EACH_MS });
  const links = (
    <Text>
      <Anchor href="/api/admin/queues" target="_blank" rel="noreferrer">
        {t('queues')}
      </Anchor>
      {' · '}
      <Anchor href="/api/metrics" target="_blank" rel="noreferrer">
        {t('allMetrics')}
      </Anchor>
    </Text>
  );

  return (
    <Section title={t('figures')} actions={links}>
      <Loaded query={query}>{(samples) => <Figures samples={samples} />}</Loaded>
      <Text fz="xs" c="var(--text-soft)" mt="sm">
        {t('figuresHint')}
      </Text>
    </Section>
  );
}

function Figures({ samples }: { samples: readonly Sample[] }) {
  const { t } = useTranslation('admin');
  const count = (name: string, label?: string) => {
    const sum = sumOf(samples, name, label);

    return sum === null ? '0' : formatNumber(sum);
  };
  const time = (name: string) => {
    const seconds = meanOf(samples, name);

    return seconds === null ? '–' : formatDuration(seconds * 1000);
  };
  const figures = [
    [t('active'), count('conch_chat_runs_active')],
    [t('answers'), count('conch_chat_runs_total')],
    [t('firstToken'), time('conch_chat_first_token_seconds')],
    [t('cancelTime'), time('conch_chat_cancel_seconds')],
    [t('streams'), count('conch_sse_connections')],
    [t('dropped'), count('conch_sse_dropped_total')],
    [t('logErrors'), count('conch_stream_log_errors_total')],
  ] as const;

  return (
    <ul className={styles.tiles}>
      {figures.map(([label, value]) => (
        <li key={label}>
          <Text fz="xs" c="var(--text-soft)">
            {label}
          </Text>
          <Text fz="lg" style={{ fontVariantNumeric: 'tabular-nums' }}>
            {value}
          </Text>
        </li>
      ))}
    </ul>
  );
}

/** Not by {@link api}: a refusal is about `METRICS_TOKEN` or the address, never about the session. */
async function readMetrics(): Promise<Sample[]> {
  const response = await fetch('/api/metrics', { headers: authorization() });
  if (!response.ok) throw await problemOf(response);

  return readSamples(await response.text());
}
