import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo } from 'react';
import { api, bodyOf, type Schemas } from '../../../api/client';
import { chatKeys } from './chat-keys';
import { hasGap, hasTwoPaths, type Subtask, turnsOf } from './turns';

export type TaskDetail = Schemas['TaskDetailDto'];

/** `GET /api/tasks/{id}` brings so many rows at most: the first pages of the history. */
const NEWEST_ROWS = 100;
const PAGE_SIZE = 50;
const FIRST_OLDER_PAGE = NEWEST_ROWS / PAGE_SIZE + 1;

/** A conversation: its newest rows at once, older ones a page at a time. */
export function useConversation(taskId: number | null) {
  const queryClient = useQueryClient();
  const task = useQuery({
    queryKey: chatKeys.task(taskId ?? 0),
    queryFn: ({ signal }) => bodyOf(api.GET('/api/tasks/{id}', { params: { path: { id: taskId ?? 0 } }, signal })),
    enabled: taskId !== null,
  });
  const newest = task.data?.subtasks;
  const { older, hasOlder, loadOlder } = useHistory(taskId ?? 0, newest ?? NO_ROWS);
  const turns = useMemo(() => turnsOf([...older, ...(newest ?? NO_ROWS)]), [newest, older]);
  const refresh = useCallback(async () => {
    if (taskId !== null) await queryClient.invalidateQueries({ queryKey: chatKeys.task(taskId), exact: true });
  }, [queryClient, taskId]);

  const isMixed = hasTwoPaths(newest ?? NO_ROWS);
  useEffect(() => {
    if (isMixed) void refresh();
  }, [isMixed, refresh]);

  return { task: task.data ?? null, error: task.error, isLoading: task.isLoading, turns, refresh, hasOlder, loadOlder };
}

export type Conversation = ReturnType<typeof useConversation>;

const NO_ROWS: readonly Subtask[] = [];

/** Older rows than the task itself brings. Page 1 is the newest one. */
function useHistory(taskId: number, newest: readonly Subtask[]) {
  const { data, hasNextPage, fetchNextPage, refetch, isFetching } = useInfiniteQuery({
    queryKey: chatKeys.history(taskId),
    queryFn: ({ pageParam, signal }) =>
      bodyOf(
        api.GET('/api/tasks/{id}/subtasks', {
          params: { path: { id: taskId }, query: { page: pageParam, limit: PAGE_SIZE } },
          signal,
        }),
      ),
    initialPageParam: FIRST_OLDER_PAGE,
    getNextPageParam: ({ total }, _pages, page) => (page * PAGE_SIZE < total ? page + 1 : undefined),
    enabled: false,
    staleTime: Infinity,
  });
  const pages = data?.pages;
  const older = useMemo(() => pages?.flatMap(({ items }) => items) ?? NO_ROWS, [pages]);
  const isTorn = hasGap(older, newest);
  // New turns have pushed rows out of the newest ones: the pages begin elsewhere now.
  useEffect(() => {
    if (isTorn) void refetch();
  }, [isTorn, refetch]);
  const loadOlder = useCallback(() => {
    if (!isFetching) void fetchNextPage();
  }, [fetchNextPage, isFetching]);

  return { older, hasOlder: pages ? hasNextPage : newest.length >= NEWEST_ROWS, loadOlder };
}
