import { Progress } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { formatNumber } from '../../../../ui/format';
import type { Subtask } from '../../data/turns';
import { thoughtsOf } from './thoughts';
import classes from '../answer.module.css';

interface Props {
  row: Subtask;
  /** The steps of the answer say already what was done. */
  hasSteps: boolean;
  isRunning: boolean;
}

/** What an executor has reported: how far it is, and what it did. */
export function ExecutorWork({ row, hasSteps, isRunning }: Props) {
  const { t } = useTranslation('chat');
  const thoughts = hasSteps ? [] : thoughtsOf(row.result ?? null);
  const hasProgress = isRunning && row.executor_name !== '' && row.progress > 0;
  if (!hasProgress && thoughts.length === 0) return null;

  return (
    <section className={classes['work']} aria-label={t('work.label')}>
      {hasProgress && (
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
                    <summary>{t('work.detail')}</summary>
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
