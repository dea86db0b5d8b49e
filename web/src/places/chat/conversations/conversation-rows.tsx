import { useNavigate } from '@tanstack/react-router';
import { type KeyboardEvent, useEffect, useRef } from 'react';
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
const NOT_SHOWN = { scrollSize: 0, viewportSize: 0, scrollOffset: 0 };

interface Props {
  conversations: readonly Conversation[];
  openTask: number | null;
  onOpen: () => void;
  /** More can be read, and the last time it did not fail. */
  canGoOn: boolean;
  /** Called near the end of what is there. */
  onEnd: () => void;
}

/** The rows that are in view, however many there are; arrow keys move between them. */
export function ConversationRows({ conversations, openTask, onOpen, canGoOn, onEnd }: Props) {
  const { t, i18n } = useTranslation('conversations');
  const navigate = useNavigate();
  const unread = useUnreadTasks();
  const list = useRef<VListHandle>(null);
  const rows = groupByDay(conversations, i18n.resolvedLanguage ?? 'en', new Date());
  const readAhead = () => {
    const { scrollSize, viewportSize, scrollOffset } = list.current ?? NOT_SHOWN;
    if (viewportSize > 0 && scrollSize - viewportSize - scrollOffset < AHEAD_PX) onEnd();
  };
  // Who is at the end cannot scroll on: the next page comes when what was being read is there.
  useEffect(() => {
    if (canGoOn) readAhead();
  });
  const onDelete = (conversation: Conversation) => {
    if (conversation.id === openTask) void navigate({ to: '/' });
    deleteWithUndo(conversation);
  };

  return (
    <nav className={styles.rows} aria-label={t('title')} onKeyDown={moveFocus}>
      <VList ref={list} className={styles.scroller} onScroll={readAhead}>
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
