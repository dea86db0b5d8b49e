import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useMemo } from 'react';
import { chatKeys } from '../data/chat-keys';
import { addFollowUp, type FollowUp, readFollowUps, removeFollowUp, resumeFollowUps } from '../data/turn-calls';
import { useAnswerStatus } from '../thread/live-answer';

const NONE: readonly FollowUp[] = [];

/** The questions that wait for the running answer to end. They are read again when an answer begins or ends. */
export function useFollowUps(taskId: number | null) {
  const queryClient = useQueryClient();
  const { isRunning, phase } = useAnswerStatus();
  const { data } = useQuery({
    queryKey: chatKeys.followUps(taskId ?? 0),
    queryFn: () => readFollowUps(taskId ?? 0),
    enabled: taskId !== null,
  });
  const hasItems = (data?.items.length ?? 0) > 0;
  useEffect(() => {
    if (hasItems) void queryClient.invalidateQueries({ queryKey: chatKeys.followUps(taskId ?? 0) });
  }, [isRunning, phase, hasItems, taskId, queryClient]);

  return useMemo(() => {
    const id = taskId ?? 0;
    const refresh = () => queryClient.invalidateQueries({ queryKey: chatKeys.followUps(id) });

    return {
      items: data?.items ?? NONE,
      paused: data?.is_paused
        ? { reason: data.paused_reason ?? 'refused', message: data.paused_message ?? null }
        : null,
      add: async (body: Parameters<typeof addFollowUp>[1]) => {
        const { prompt, inputs, files } = body;
        await addFollowUp(id, { prompt, ...(inputs && { inputs }), ...(files && files.length > 0 && { files }) });
        await refresh();
      },
      remove: async (followUp: FollowUp) => {
        const removed = await removeFollowUp(id, followUp.id);
        await refresh();

        return removed;
      },
      resume: async () => {
        await resumeFollowUps(id);
        await refresh();
      },
    };
  }, [data, taskId, queryClient]);
}

export type FollowUpsValue = ReturnType<typeof useFollowUps>;
