import { ActionIcon, Button, CloseButton, Skeleton, Stack, Text, TextInput, Title, Tooltip } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconEdit, IconSearch } from '@tabler/icons-react';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ConversationRows } from './conversation-rows';
import styles from './conversations.module.css';
import { useConversations } from './use-conversations';

const TYPING_MS = 200;

interface Props {
  openTask: number | null;
  /** Called when a conversation is opened: a drawer closes. */
  onOpen: () => void;
}

/** The conversations of the reader: search, days, what each is doing. */
export function ConversationList({ openTask, onOpen }: Props) {
  const { t } = useTranslation('conversations');
  const navigate = useNavigate();
  const [text, setText] = useState('');
  const [search] = useDebouncedValue(text.trim(), TYPING_MS);
  const list = useConversations(search);
  const { conversations, isPending, isError, error, refetch } = list;
  // A page that is asked for while others are read anew would cancel those.
  const hasMore = list.hasNextPage && !list.isFetching;
  const startNew = () => {
    onOpen();
    void navigate({ to: '/' });
  };

  return (
    <div className={styles.list}>
      <div className={styles.head}>
        <Title order={2} size="sm" fw={600}>
          {t('title')}
        </Title>
        <Tooltip label={t('new')} openDelay={400}>
          <ActionIcon component={Link} to="/" variant="subtle" size="lg" aria-label={t('new')} onClick={onOpen}>
            <IconEdit size={18} stroke={1.6} />
          </ActionIcon>
        </Tooltip>
      </div>
      <TextInput
        className={styles.search}
        size="sm"
        type="search"
        placeholder={t('search')}
        aria-label={t('search')}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        leftSection={<IconSearch size={16} stroke={1.6} aria-hidden />}
        rightSection={text !== '' && <CloseButton size="sm" aria-label={t('clear')} onClick={() => setText('')} />}
      />
      {isPending && <ListSkeleton />}
      {isError && conversations.length === 0 && (
        <Stack p="md" gap="sm" role="alert" align="flex-start">
          <Text size="sm">{error.message}</Text>
          <Button variant="default" size="xs" onClick={() => void refetch()}>
            {t('again')}
          </Button>
        </Stack>
      )}
      {list.isSuccess && conversations.length === 0 && (
        <Stack p="md" gap="sm" align="flex-start">
          <Text size="sm" c="dimmed">
            {search === '' ? t('empty') : t('nothingFound', { search })}
          </Text>
          {search === '' ? (
            <Button variant="default" size="xs" onClick={startNew}>
              {t('new')}
            </Button>
          ) : (
            <Button variant="default" size="xs" onClick={() => setText('')}>
              {t('clear')}
            </Button>
          )}
        </Stack>
      )}
      <ConversationRows
        conversations={conversations}
        openTask={openTask}
        onOpen={onOpen}
        canGoOn={hasMore && !list.isFetchNextPageError}
        onEnd={() => {
          if (hasMore) void list.fetchNextPage();
        }}
      />
    </div>
  );
}

function ListSkeleton() {
  return (
    <Stack p="sm" gap="sm" className={styles.skeletons} aria-hidden>
      {[72, 56, 84, 64, 48].map((width) => (
        <Skeleton key={width} height={16} width={`${width}%`} />
      ))}
    </Stack>
  );
}
