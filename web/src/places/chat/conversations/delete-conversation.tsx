import { Button, Group, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import i18next from 'i18next';
import { deleteConversation } from '../../../api/conversations';
import { queryClient } from '../../../app/query-client';
import { ExternalStore } from '../../../stream/external-store';
import { conversationsKey, taskKey } from '../../../stream/query-keys';
import { showProblem } from '../../../ui/problems/show-problem';

const UNDO_MS = 8_000;

/** Conversations that are hidden: their deletion can be undone, or is on its way. */
export const deletedConversations = new ExternalStore<ReadonlySet<number>>(new Set());

const timers = new Map<number, ReturnType<typeof setTimeout>>();

/** Hides a conversation, and deletes it on the server when the time to undo has passed or the page is left. */
export function deleteWithUndo({ id, title }: { id: number; title: string }): void {
  deletedConversations.set(new Set([...deletedConversations.get(), id]));
  timers.set(
    id,
    setTimeout(() => void deleteNow(id), UNDO_MS),
  );
  const notice = notifications.show({
    autoClose: UNDO_MS,
    withCloseButton: false,
    message: (
      <Group justify="space-between" wrap="nowrap">
        <Text size="sm" truncate>
          {i18next.t('conversations:deleted', { title })}
        </Text>
        <Button
          variant="subtle"
          size="compact-sm"
          onClick={() => {
            undo(id);
            notifications.hide(notice);
          }}
        >
          {i18next.t('conversations:undo')}
        </Button>
      </Group>
    ),
  });
}

function undo(id: number): void {
  clearTimeout(timers.get(id));
  timers.delete(id);
  show(id);
}

function show(id: number): void {
  deletedConversations.set(new Set([...deletedConversations.get()].filter((each) => each !== id)));
}

async function deleteNow(id: number): Promise<void> {
  clearTimeout(timers.get(id));
  timers.delete(id);
  try {
    await deleteConversation(id);
    queryClient.removeQueries({ queryKey: taskKey(id) });
    await queryClient.invalidateQueries({ queryKey: conversationsKey });
  } catch (error) {
    showProblem(error, { label: i18next.t('conversations:deleteAgain'), run: () => void deleteNow(id) });
  }
  show(id);
}

window.addEventListener('pagehide', () => {
  for (const id of timers.keys()) void deleteNow(id);
});
