import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { type Conversation, listConversations } from '../../../api/conversations';
import { useStore } from '../../../stream/external-store';
import { conversationsKey } from '../../../stream/query-keys';
import { deletedConversations } from './delete-conversation';

const PAGE_SIZE = 40;

/** The reader's conversations that a search finds, page after page, live. */
export function useConversations(search: string) {
  const query = useInfiniteQuery({
    queryKey: [...conversationsKey, { search }],
    queryFn: ({ pageParam, signal }) => listConversations({ search, page: pageParam, limit: PAGE_SIZE }, signal),
    initialPageParam: 1,
    getNextPageParam: ({ total }, _pages, page) => (page * PAGE_SIZE < total ? page + 1 : undefined),
    placeholderData: keepPreviousData,
  });
  const deleted = useStore(deletedConversations);
  const conversations = useMemo(
    () => uniqueOf(query.data?.pages.flatMap(({ items }) => items) ?? []).filter(({ id }) => !deleted.has(id)),
    [query.data, deleted],
  );

  return { ...query, conversations };
}

/** A conversation that moved up while pages were read is on two of them. */
function uniqueOf(conversations: readonly Conversation[]): Conversation[] {
  return [...new Map(conversations.map((conversation) => [conversation.id, conversation])).values()];
}
