import { Menu, Text } from '@mantine/core';
import { IconDots, IconPencil, IconTrash } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { type KeyboardEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Conversation } from '../../../api/conversations';
import { ConversationStatus } from './conversation-status';
import styles from './conversations.module.css';
import { RenameField } from './rename-field';
import { useRename } from './use-rename';
import { IconButton } from '../../../ui/icon-button';

interface Props {
  conversation: Conversation;
  isOpen: boolean;
  isUnread: boolean;
  onOpen: () => void;
  onDelete: (conversation: Conversation) => void;
}

/** One conversation: a link, and what can be done with it. F2 renames, Delete deletes. */
export function ConversationRow({ conversation, isOpen, isUnread, onOpen, onDelete }: Props) {
  const { t } = useTranslation('conversations');
  const rename = useRename();
  const [isRenaming, setIsRenaming] = useState(false);
  const { id, title, match } = conversation;
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'F2') setIsRenaming(true);
    if (event.key === 'Delete') onDelete(conversation);
  };

  if (isRenaming)
    return (
      <div className={styles.row}>
        <RenameField
          title={title}
          onCancel={() => setIsRenaming(false)}
          onRename={(next) => {
            setIsRenaming(false);
            rename({ id, title: next });
          }}
        />
      </div>
    );

  return (
    <div className={styles.row} data-open={isOpen || undefined} data-unread={isUnread || undefined}>
      <Link
        to="/chat/$taskId"
        params={{ taskId: String(id) }}
        className={styles.link}
        aria-current={isOpen ? 'page' : undefined}
        title={title}
        onClick={onOpen}
        onKeyDown={onKeyDown}
        onDoubleClick={() => setIsRenaming(true)}
      >
        <span className={styles.texts}>
          <span className={styles.title} dir="auto">
            {title}
          </span>
          {match && (
            <Text component="span" className={styles.match}>
              {match}
            </Text>
          )}
        </span>
        <ConversationStatus conversation={conversation} isUnread={isUnread} />
      </Link>
      <Menu position="bottom-end" width={160} returnFocus>
        <Menu.Target>
          <IconButton className={styles.more} label={t('more', { title })} icon={IconDots} size="sm" />
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconPencil size={16} stroke={1.6} />} onClick={() => setIsRenaming(true)}>
            {t('rename')}
          </Menu.Item>
          <Menu.Item
            color="red"
            leftSection={<IconTrash size={16} stroke={1.6} />}
            onClick={() => onDelete(conversation)}
          >
            {t('delete')}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </div>
  );
}
