import { IconGitBranch, IconRefresh, IconSwitchHorizontal } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { AnswerState } from '../../../../stream/answer/answer-state';
import { CopyButton } from '../../markdown/code/copy-button';
import { useAnswerStatus } from '../../thread/live-answer';
import { useThread } from '../../thread/thread-context';
import type { TurnActions } from '../../thread/use-turn-actions';
import { ModelMenu } from './model-menu';
import { MoreMenu } from './more-menu';
import { UsageInfo } from './usage-info';
import classes from '../answer.module.css';
import { IconButton } from '../../../../ui/icon-button';

interface Props {
  state: AnswerState;
  questionId: number;
  isLast: boolean;
  actions: TurnActions;
}

/** What can be done with an answer: shown on hover and focus, always below the newest one. */
export function AnswerActions({ state, questionId, isLast, actions }: Props) {
  const { t } = useTranslation('chat');
  const { botId } = useThread();
  const { isRunning } = useAnswerStatus();
  const text = state.parts.map(({ content }) => content).join('\n\n');

  return (
    <div className={classes['actions']} data-last={isLast || undefined} role="toolbar" aria-label={t('actions.label')}>
      <CopyButton text={text} label={t('actions.copy')} />
      <IconButton
        label={t('actions.retry')}
        icon={IconRefresh}
        size="sm"
        disabled={isRunning}
        onClick={() => void actions.retry(questionId)}
      />
      {botId === null && (
        <ModelMenu onModel={(modelId) => void actions.retry(questionId, modelId)}>
          <IconButton label={t('actions.otherModel')} icon={IconSwitchHorizontal} size="sm" disabled={isRunning} />
        </ModelMenu>
      )}
      <IconButton
        label={t('actions.branch')}
        icon={IconGitBranch}
        size="sm"
        onClick={() => void actions.branch(questionId)}
      />
      <UsageInfo state={state} />
      <MoreMenu streamId={state.streamId} />
    </div>
  );
}
