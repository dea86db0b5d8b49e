import { Tooltip } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Conversation } from '../../../api/conversations';
import { isRunning } from '../../../stream/tasks/live-tasks';
import styles from './conversations.module.css';

type Mark = 'waiting' | 'running' | 'failed' | 'unread';

interface Props {
  conversation: Conversation;
  isUnread: boolean;
}

/** The mark behind a title: waits for you, answering, failed, unread; none when there is nothing to say. */
export function ConversationStatus({ conversation, isUnread }: Props) {
  const { t } = useTranslation('conversations');
  const mark = markOf(conversation, isUnread);
  if (!mark) return null;

  return (
    <Tooltip label={t(`marks.${mark}`)} openDelay={400}>
      <span className={styles.mark} role="img" aria-label={t(`marks.${mark}`)} data-mark={mark} />
    </Tooltip>
  );
}

function markOf(conversation: Conversation, isUnread: boolean): Mark | null {
  if (isRunning(conversation)) return conversation.input_required ? 'waiting' : 'running';
  if (isUnread) return 'unread';

  return conversation.status === 'FAILED' ? 'failed' : null;
}
