import { useTranslation } from 'react-i18next';
import type { AnswerState } from '../../../../stream/answer/answer-state';
import { useThread } from '../../thread/thread-context';
import { FailureCard } from './failure-card';
import { StopReceipt } from './stop-receipt';
import { Suggestions } from '../extras/suggestions';
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
  const { actions } = useThread();
  const { phase, failure } = state;
  if (phase === 'failed' && failure) {
    const retry =
      actions && questionId !== null && isLast ? (modelId?: string) => void actions.retry(questionId, modelId) : null;

    return <FailureCard failure={failure} requestId={requestId} onRetry={retry} isReadOnly={!actions} />;
  }
  if (phase === 'cancelled') {
    return (
      <StopReceipt
        proof={state.proof}
        onGoOn={actions && isLast && hasText(state) ? () => void actions.goOn() : null}
      />
    );
  }

  return phase === 'done' ? <DoneEnd state={state} isLast={isLast} /> : null;
}

function DoneEnd({ state, isLast }: { state: AnswerState; isLast: boolean }) {
  const { t } = useTranslation('chat');
  const { actions } = useThread();
  const { finishReason, suggestions } = state;
  const isNoted = finishReason !== null && NOTED.includes(finishReason);

  return (
    <>
      {isNoted && <p className={classes['finish']}>{t(`finish.${finishReason}`)}</p>}
      {!isNoted && !hasText(state) && state.files.length === 0 && (
        <p className={classes['finish']}>{t('finish.empty')}</p>
      )}
      {actions && isLast && suggestions.length > 0 && (
        <Suggestions questions={suggestions} onAsk={(text) => void actions.ask(text)} />
      )}
    </>
  );
}

const hasText = ({ parts }: AnswerState) => parts.some(({ content }) => content !== '');
