import { useTranslation } from 'react-i18next';
import type { AnswerConnection } from '../../../stream/answer/answer-state';
import classes from './end/ends.module.css';

/** A thin bar while the stream is away. The answer itself goes on at the server. */
export function ConnectionBar({ status }: { status: AnswerConnection['status'] }) {
  const { t } = useTranslation('chat');
  if (status !== 'reconnecting' && status !== 'offline') return null;

  return (
    <div className={classes['bar']} role="status" data-answer-connection>
      {t(`connection.${status}`)}
    </div>
  );
}
