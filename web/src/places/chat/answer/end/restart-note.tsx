import { useTranslation } from 'react-i18next';
import type { AnswerState } from '../../../../stream/answer/answer-state';
import { MarkdownText } from '../../markdown/markdown-text';
import classes from './ends.module.css';

/** Why an answer has begun again; what stood there before stays readable. */
export function RestartNote({ restarted }: { restarted: NonNullable<AnswerState['restarted']> }) {
  const { t } = useTranslation('chat');

  return (
    <div className={classes['note']} role="note">
      <p>{restarted.reason === 'worker_lost' ? t('restarted.workerLost') : t('restarted.other')}</p>
      {restarted.text !== '' && (
        <details className={classes['details']}>
          <summary>{t('restarted.before')}</summary>
          <MarkdownText text={restarted.text} />
        </details>
      )}
    </div>
  );
}
