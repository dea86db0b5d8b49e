import { memo, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { AnswerPart, AnswerState } from '../../../stream/answer/answer-state';
import { hasEnded } from '../../../stream/answer/answer-state';
import type { Subtask } from '../data/turns';
import { teamName } from '../data/use-teams';
import { MarkdownText } from '../markdown/markdown-text';
import { AppForm } from '../steps/app-form';
import { StepTimeline } from '../steps/step-timeline';
import { useThread } from '../thread/thread-context';
import { AnswerActions } from './actions/answer-actions';
import { Changes } from './changes/changes';
import { turnDiffOf } from './changes/turn-diff';
import { AnswerEnd } from './end/answer-end';
import { AnswerFiles } from './extras/answer-files';
import { AnswerHead } from './answer-head';
import { AnswerWaiting } from './answer-waiting';
import { ExecutorWork } from './thinking/executor-work';
import { Reasoning } from './thinking/reasoning';
import { RestartNote } from './end/restart-note';
import { Sources } from './extras/sources';
import classes from './answer.module.css';

interface Props {
  state: AnswerState;
  /** The rows of the answer; none before the server has them. */
  rows: readonly Subtask[];
  /** Null while the question is not stored. */
  questionId: number | null;
  isLast: boolean;
  requestId: string | null;
}

/** One answer: each step of a pipeline with its own line above it. */
export function AnswerView({ state, rows, questionId, isLast, requestId }: Props) {
  const { t } = useTranslation('chat');
  const { team, actions } = useThread();
  const isRunning = !hasEnded(state);
  const name = team ? teamName(team) : null;
  const parts = state.parts;

  return (
    <article className={classes['answer']} aria-label={t('answer')} aria-busy={isRunning}>
      {state.restarted && <RestartNote restarted={state.restarted} />}
      {parts.length === 0 && <AnswerHead team={name} model={null} attempt={state.attempt} />}
      {parts.map((part, index) => (
        <Part
          key={part.subtaskId}
          part={part}
          row={rows.find(({ id }) => id === part.subtaskId) ?? null}
          team={index === 0 ? name : null}
          attempt={index === 0 ? state.attempt : 1}
          isRunning={isRunning && index === parts.length - 1}
        />
      ))}
      {isRunning && <Awaited state={state} />}
      {state.files.length > 0 && <AnswerFiles files={state.files} />}
      {state.sources.length > 0 && <Sources sources={state.sources} />}
      <AnswerEnd state={state} questionId={questionId} isLast={isLast} requestId={requestId} />
      {!isRunning && actions && questionId !== null && (
        <AnswerActions state={state} questionId={questionId} isLast={isLast} actions={actions} />
      )}
    </article>
  );
}

/** What a running answer waits for: a person, or the next event. */
function Awaited({ state }: { state: AnswerState }) {
  const { t } = useTranslation('chat');
  const { taskId, botId, actions } = useThread();
  const isForm = state.phase === 'input_required';

  return (
    <>
      {actions &&
        state.forms.map((form) => <AppForm key={form.form_token} form={form} taskId={taskId} botId={botId} />)}
      {isForm && !actions && <p className={classes['waiting']}>{t('form.elsewhere')}</p>}
      {!isForm && <AnswerWaiting state={state} taskId={actions && taskId} />}
    </>
  );
}

interface PartProps {
  part: AnswerPart;
  row: Subtask | null;
  team: string | null;
  attempt: number;
  isRunning: boolean;
}

const Part = memo(function Part({ part, row, team, attempt, isRunning }: PartProps) {
  const diff = useMemo(() => turnDiffOf(row?.result), [row?.result]);

  return (
    <>
      <AnswerHead team={team} model={part.model} attempt={attempt} />
      {part.reasoning !== '' && <Reasoning part={part} isRunning={isRunning} />}
      {part.steps.length > 0 && <StepTimeline steps={part.steps} isRunning={isRunning} />}
      {row && <ExecutorWork row={row} hasSteps={part.steps.length > 0} isRunning={isRunning} />}
      {part.content !== '' && <MarkdownText text={part.content} isGrowing={isRunning} />}
      {diff && <Changes diff={diff} />}
    </>
  );
});
