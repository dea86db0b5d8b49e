import { Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { formatDateTime } from '../../../ui/format';
import { Section } from '../../../ui/page/place';
import { StatusBadge } from '../../../ui/status-badge';
import { useNow } from '../../../ui/use-now';
import { Span } from './span';
import { isActive, spanOf, toneOf } from '../task-state';
import styles from './task-timeline.module.css';
import type { Task } from '../tasks.data';

/** The answers of a task one after the other, each with a bar as long as it took beside the longest. */
export function TaskTimeline({ task }: { task: Task }) {
  const { t } = useTranslation('tasks');
  const now = useNow(isActive(task.status) ? 1000 : null);
  const answers = task.subtasks.filter(({ role }) => role === 'ASSISTANT');
  const longest = Math.max(1, ...answers.map((row) => spanOf(row, now)));
  if (answers.length === 0) return null;

  return (
    <Section title={t('timeline')}>
      <ol className={styles.rows}>
        {answers.map((row) => (
          <li key={row.id} className={styles.row}>
            <Text fz="xs" c="var(--text-soft)" className={styles.when}>
              {formatDateTime(row.created_at)}
            </Text>
            <StatusBadge tone={toneOf(row.status)}>{t(`statuses.${row.status}`, row.status)}</StatusBadge>
            <span className={styles.track} aria-hidden>
              <span
                className={styles.bar}
                data-tone={toneOf(row.status)}
                style={{ width: `${(spanOf(row, now) / longest) * 100}%` }}
              />
            </span>
            <Text ta="right">
              <Span row={row} />
            </Text>
          </li>
        ))}
      </ol>
    </Section>
  );
}
