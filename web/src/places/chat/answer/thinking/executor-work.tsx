import { Progress } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { formatNumber } from '../../../../ui/format';
import type { Subtask } from '../../data/turns';
import { thoughtsOf } from './thoughts';
import classes from '../answer.module.css';

/** What an executor has reported: how far it is, and what it did. */
export function ExecutorWork({ row, isRunning }: { row: Subtask; isRunning: boolean }) {
  const { t } = useTranslation('chat');
  const thoughts = thoughtsOf(row.result ?? null);
  const isOnExecutor = row.executor_name !== '' || thoughts.length > 0;
  if (!isOnExecutor) return null;

  return (
    <section className={classes['work']} aria-label={t('work.label')}>
      {isRunning && (
        <div className={classes['progress']}>
          <Progress value={row.progress} size="xs" aria-label={t('work.progress')} />
          <span>{formatNumber(row.progress / 100, { style: 'percent' })}</span>
        </div>
      )}
      {thoughts.length > 0 && (
        <details open={isRunning || undefined} className={classes['thoughts']}>
          <summary>{t('work.steps', { count: thoughts.length })}</summary>
          <ol>
            {thoughts.map(({ title, detail }, index) => (
              <li key={index}>
                {title}
                {detail !== '' && (
                  <details>
                    <summary>{t('steps.detail')}</summary>
                    <pre>{detail}</pre>
                  </details>
                )}
              </li>
            ))}
          </ol>
        </details>
      )}
    </section>
  );
}
