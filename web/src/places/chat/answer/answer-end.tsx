import { useTranslation } from 'react-i18next';
import type { AnswerState } from '../../../stream/answer-state';
import { useThread } from '../thread/thread-context';
import { FailureCard } from './failure-card';
import { StopReceipt } from './stop-receipt';
import { Suggestions } from './suggestions';
import classes from './ends.module.css';

interface Props {
  state: AnswerState;
  questionId: number | null;
  isLast: boolean;
  requestId: string | null;
}

/** Ways to end that the reader should know of; `stop` is none. */
const NOTED = ['length', 'refusal', 'content_filter', 'context_window', 'paused', 'partial'];

/** How an answer has ended, and what can be done then. */
export function AnswerEnd({ state, questionId, isLast, requestId }: Props) {
  const { t } = useTranslation('chat');
  const { actions } = useThread();
  const { phase, failure, finishReason } = state;
  const hasText = state.parts.some(({ content }) => content !== '');

  return (
    <>
      {phase === 'failed' && failure && (
        <FailureCard
          failure={failure}
          requestId={requestId}
          onRetry={questionId === null || !isLast ? null : () => void actions.retry(questionId)}
        />
      )}
      {phase === 'cancelled' && (
        <StopReceipt proof={state.proof} onGoOn={isLast && hasText ? () => void actions.goOn() : null} />
      )}
      {phase === 'done' && finishReason !== null && NOTED.includes(finishReason) && (
        <p className={classes['finish']}>{t(`finish.${finishReason}`)}</p>
      )}
      {phase === 'done' && !hasText && state.files.length === 0 && (
        <p className={classes['finish']}>{t('finish.empty')}</p>
      )}
      {isLast && phase === 'done' && state.suggestions.length > 0 && (
        <Suggestions questions={state.suggestions} onAsk={(text) => void actions.ask(text)} />
      )}
    </>
  );
}
