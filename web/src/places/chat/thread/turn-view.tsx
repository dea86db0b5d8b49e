import { memo, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { type AnswerState, hasEnded } from '../../../stream/answer/answer-state';
import { answerFromSubtasks } from '../../../stream/answer/stored-answer';
import { AnswerView } from '../answer/answer-view';
import { UnaskedAnswer } from '../answer/unasked-answer';
import { isSameTurn, questionText, type Subtask, type Turn } from '../data/turns';
import { useAnswerStatus, useLiveAnswer } from './live-answer';
import { Question, QuestionText } from './question';
import { useThread } from './thread-context';
import classes from './thread.module.css';

interface Props {
  turn: Turn;
  isLast: boolean;
  /** Asked while the page is open: it gets the whole view for its answer. */
  isFresh: boolean;
}

/** A question with its answer. */
export const TurnView = memo(
  function TurnView({ turn, isLast, isFresh }: Props) {
    const { t } = useTranslation('chat');
    const { isRunning } = useAnswerStatus();

    return (
      <section className={classes['turn']} data-fresh={isFresh || undefined} aria-label={t('turn')}>
        <Question question={turn.question} isBusy={isRunning} />
        {isLast ? <LiveTurn turn={turn} /> : <StoredTurn turn={turn} />}
      </section>
    );
  },
  (a, b) => isSameTurn(a.turn, b.turn) && a.isLast === b.isLast && a.isFresh === b.isFresh,
);

function StoredTurn({ turn }: { turn: Turn }) {
  const state = useMemo(() => answerFromSubtasks(turn.answers), [turn.answers]);

  return <AnswerView state={state} rows={turn.answers} questionId={turn.id} isLast={false} requestId={null} />;
}

/** The newest turn: what the stream tells, as far as it is about this turn; else its rows. */
function LiveTurn({ turn }: { turn: Turn }) {
  const { state: live, connection } = useLiveAnswer();
  const { taskId } = useThread();
  const stored = useMemo(() => answerFromSubtasks(turn.answers), [turn.answers]);
  const state = newestOf(live, stored, turn);
  if (stored.phase === 'sent' && connection.problem?.code === 'stream_not_found')
    return <UnaskedAnswer taskId={taskId} question={questionText(turn.question.prompt)} />;

  return <AnswerView state={state} rows={turn.answers} questionId={turn.id} isLast requestId={connection.requestId} />;
}

/** What the stream tells of a turn, unless its rows know better. */
export function newestOf(live: AnswerState | null, stored: AnswerState, turn: AnsweredTurn): AnswerState {
  return live && isOfTurn(live, turn) && !isBehind(live, stored) ? withSuggestions(live, stored) : stored;
}

type AnsweredTurn = Turn<Pick<Subtask, 'id' | 'status'>>;

/** A question that the server has stored, before its rows are read. */
export function PendingTurn({ text, isFresh }: { text: string; isFresh: boolean }) {
  const { t } = useTranslation('chat');
  const { state, connection } = useLiveAnswer();

  return (
    <section className={classes['turn']} data-fresh={isFresh || undefined} aria-label={t('turn')}>
      <QuestionText text={text} />
      {state && <AnswerView state={state} rows={[]} questionId={null} isLast requestId={connection.requestId} />}
    </section>
  );
}

/** Whether a stream is about the answer of this turn. */
export function isOfTurn({ streamId }: Pick<AnswerState, 'streamId'>, turn: AnsweredTurn): boolean {
  if (streamId !== null) return turn.answers.some(({ id }) => id === streamId);

  return turn.answers.some(({ status }) => status === 'PENDING' || status === 'RUNNING');
}

/** Whether the rows already have the end that the stream has not brought: it will not come any more. */
const isBehind = (live: AnswerState, stored: AnswerState) => live.lastEventId === null && hasEnded(stored);

/** Suggestions that came after the end are in the rows only. */
const withSuggestions = (live: AnswerState, stored: AnswerState): AnswerState =>
  live.suggestions.length === 0 && stored.suggestions.length > 0 ? { ...live, suggestions: stored.suggestions } : live;
