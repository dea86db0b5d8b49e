import { Tooltip } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { formatDateTime, formatRelative } from './format';
import { useNow } from './use-now';

const RENEWED_MS = 20_000;

/** A moment as seen from now; exact on hover. */
export function RelativeTime({ time }: { time: string }) {
  useTranslation();
  const now = useNow(RENEWED_MS);
  const age = now - new Date(time).getTime();
  const isNew = age >= 0 && age < RENEWED_MS;

  return (
    <Tooltip label={formatDateTime(time)}>
      <time dateTime={time} style={{ whiteSpace: 'nowrap' }}>
        {formatRelative(isNew ? now : time, now)}
      </time>
    </Tooltip>
  );
}
