import i18next from 'i18next';
import type { InfiniteData } from '@tanstack/react-query';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type ConversationPage, renameConversation } from '../../../api/conversations';
import { conversationsKey, taskKey } from '../../../stream/query-keys';
import { showProblem } from '../../../ui/problems/show-problem';

interface Renaming {
  id: number;
  title: string;
}

/** Renames a conversation; the new title is shown at once. */
export function useRename(): (renaming: Renaming) => void {
  const queryClient = useQueryClient();
  const { mutate } = useMutation({
    mutationFn: ({ id, title }: Renaming) => renameConversation(id, title),
    onMutate: (renaming) => {
      queryClient.setQueriesData<InfiniteData<ConversationPage>>({ queryKey: conversationsKey }, (data) =>
        renamed(data, renaming),
      );
    },
    onError: (error, renaming) =>
      showProblem(error, { label: i18next.t('conversations:renameAgain'), run: () => mutate(renaming) }),
    onSettled: (_data, _error, { id }) =>
      Promise.all([
        queryClient.invalidateQueries({ queryKey: conversationsKey }),
        queryClient.invalidateQueries({ queryKey: taskKey(id) }),
      ]),
  });

  return mutate;
}

function renamed(data: InfiniteData<ConversationPage> | undefined, { id, title }: Renaming) {
  if (!data || !('pages' in data)) return data;
  const pages = data.pages.map((page) => ({
    ...page,
    items: page.items.map((item) => (item.id === id ? { ...item, title } : item)),
  }));

  return { ...data, pages };
}
