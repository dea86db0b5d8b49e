import { Tooltip } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { formatDuration } from '../../../ui/format';
import { useNow } from '../../../ui/use-now';
import { isActive, spanOf } from '../task-state';

interface Row {
  status: string;
  created_at: string;
  completed_at: string | null;
}

/** How long a task or a part of it has taken; goes on counting while it runs. */
export function Span({ row }: { row: Row }) {
  const { t } = useTranslation('tasks');
  const now = useNow(isActive(row.status) ? 1000 : null);
  if (row.completed_at === null && !isActive(row.status)) return null;

  return (
    <Tooltip label={t('durationHint')}>
      <span style={{ whiteSpace: 'nowrap', fontVariantNumeric: 'tabular-nums' }}>
        {formatDuration(spanOf(row, now))}
      </span>
    </Tooltip>
  );
}
