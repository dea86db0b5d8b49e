import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState, useSyncExternalStore } from 'react';
import { api, bodyOf, type Schemas } from '../../api/client';
import { AnswerFollower } from '../../stream/answer/answer-follower';
import { isRunning } from '../../stream/tasks/live-tasks';
import { requestStream } from '../../stream/request-stream';

/** No live events tell readers of a link that another question was asked. */
const READ_EACH_MS = 10_000;

const keyOf = (token: string) => ['shared', token] as const;
const pathOf = (token: string) => ({ params: { path: { token } } });

const readTask = (token: string): Promise<Schemas['SharedTaskDto']> =>
  bodyOf(api.GET('/api/shared/{token}', pathOf(token)));

/** The conversation that a link opens, with its newest answer live. */
export function useSharedTask(token: string) {
  const queryClient = useQueryClient();
  const { data, error, refetch } = useQuery({
    queryKey: keyOf(token),
    queryFn: () => readTask(token),
    refetchInterval: ({ state }) => (state.error ? false : READ_EACH_MS),
  });
  const [follower] = useState(
    () =>
      new AnswerFollower({
        open: (lastEventId, signal) => requestStream(`/api/shared/${token}/stream`, lastEventId, signal),
        cancel: () => bodyOf(api.POST('/api/shared/{token}/cancel', pathOf(token))),
        readRows: async () => (await readTask(token)).messages,
        onEnd: () => void queryClient.invalidateQueries({ queryKey: keyOf(token) }),
      }),
  );
  const answer = useSyncExternalStore(follower.subscribe, follower.current);

  useEffect(() => {
    follower.retain();

    return () => follower.release();
  }, [follower]);

  const isUnderWay = data !== undefined && isRunning(data);
  useEffect(() => {
    if (isUnderWay) follower.attach();
  }, [follower, isUnderWay]);

  return { task: data ?? null, error, retry: () => void refetch(), answer, stop: () => follower.stop() };
}
