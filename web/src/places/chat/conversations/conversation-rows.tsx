import { useNavigate } from '@tanstack/react-router';
import { type KeyboardEvent, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { VList, type VListHandle } from 'virtua';
import type { Conversation } from '../../../api/conversations';
import { useUnreadTasks } from '../../../stream/tasks/unread';
import { ConversationRow } from './conversation-row';
import styles from './conversations.module.css';
import { deleteWithUndo } from './delete-conversation';
import { groupByDay } from './rows';

/** The next page is read when less than this is left below, in pixels. */
const AHEAD_PX = 600;

interface Props {
  conversations: readonly Conversation[];
  openTask: number | null;
  onOpen: () => void;
  /** Called near the end of what is there. */
  onEnd: () => void;
}

/** The rows that are in view, however many there are; arrow keys move between them. */
export function ConversationRows({ conversations, openTask, onOpen, onEnd }: Props) {
  const { t, i18n } = useTranslation('conversations');
  const navigate = useNavigate();
  const unread = useUnreadTasks();
  const list = useRef<VListHandle>(null);
  const rows = groupByDay(conversations, i18n.resolvedLanguage ?? 'en', new Date());
  const onScroll = (offset: number) => {
    const { scrollSize, viewportSize } = list.current ?? { scrollSize: 0, viewportSize: 0 };
    if (scrollSize - viewportSize - offset < AHEAD_PX) onEnd();
  };
  const onDelete = (conversation: Conversation) => {
    if (conversation.id === openTask) void navigate({ to: '/' });
    deleteWithUndo(conversation);
  };

  return (
    <nav className={styles.rows} aria-label={t('title')} onKeyDown={moveFocus}>
      <VList ref={list} className={styles.scroller} onScroll={onScroll}>
        {rows.map((row) =>
          'heading' in row ? (
            <div key={row.heading} className={styles.heading} role="heading" aria-level={3}>
              {row.heading}
            </div>
          ) : (
            <ConversationRow
              key={row.conversation.id}
              conversation={row.conversation}
              isOpen={row.conversation.id === openTask}
              isUnread={unread.has(row.conversation.id)}
              onOpen={onOpen}
              onDelete={onDelete}
            />
          ),
        )}
      </VList>
    </nav>
  );
}

function moveFocus(event: KeyboardEvent<HTMLElement>): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step === undefined || !(event.target instanceof HTMLAnchorElement)) return;
  const links = [...event.currentTarget.querySelectorAll('a')];
  const next = links[links.indexOf(event.target) + step];
  if (!next) return;
  event.preventDefault();
  next.focus();
}
