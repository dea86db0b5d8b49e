import { ActionIcon } from '@mantine/core';
import { IconGitBranch, IconRefresh, IconSwitchHorizontal } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { AnswerState } from '../../../stream/answer-state';
import { CopyButton } from '../markdown/copy-button';
import { useAnswerStatus } from '../thread/live-answer';
import { useThread } from '../thread/thread-context';
import type { TurnActions } from '../thread/use-turn-actions';
import { ModelMenu } from './model-menu';
import { MoreMenu } from './more-menu';
import { UsageInfo } from './usage-info';
import classes from './answer.module.css';

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
      <ActionIcon
        variant="subtle"
        color="gray"
        size="sm"
        aria-label={t('actions.retry')}
        title={t('actions.retry')}
        disabled={isRunning}
        onClick={() => void actions.retry(questionId)}
      >
        <IconRefresh size={16} stroke={1.6} />
      </ActionIcon>
      {botId === null && (
        <ModelMenu onModel={(modelId) => void actions.retry(questionId, modelId)}>
          <ActionIcon
            variant="subtle"
            color="gray"
            size="sm"
            aria-label={t('actions.otherModel')}
            title={t('actions.otherModel')}
            disabled={isRunning}
          >
            <IconSwitchHorizontal size={16} stroke={1.6} />
          </ActionIcon>
        </ModelMenu>
      )}
      <ActionIcon
        variant="subtle"
        color="gray"
        size="sm"
        aria-label={t('actions.branch')}
        title={t('actions.branch')}
        onClick={() => void actions.branch(questionId)}
      >
        <IconGitBranch size={16} stroke={1.6} />
      </ActionIcon>
      <UsageInfo state={state} />
      <MoreMenu streamId={state.streamId} />
    </div>
  );
}
