import { useTranslation } from 'react-i18next';
import type { AnswerState } from '../../../../stream/answer/answer-state';
import { MarkdownText } from '../../markdown/markdown-text';
import classes from './ends.module.css';

const WORDS = { worker_lost: 'workerLost', executor_lost: 'executorLost' } as const;

/** Why an answer has begun again; what stood there before stays readable. */
export function RestartNote({ restarted }: { restarted: NonNullable<AnswerState['restarted']> }) {
  const { t } = useTranslation('chat');
  const { reason } = restarted;
  const said = reason === 'worker_lost' || reason === 'executor_lost' ? WORDS[reason] : 'other';

  return (
    <div className={classes['note']} role="note">
      <p>{t(`restarted.${said}`)}</p>
      {restarted.text !== '' && (
        <details className={classes['details']}>
          <summary>{t('restarted.before')}</summary>
          <MarkdownText text={restarted.text} />
        </details>
      )}
    </div>
  );
}
