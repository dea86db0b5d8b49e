import { api, bodyOf } from '../../api/client';
import { queryClient } from '../../app/query-client';
import { AnswerFollower, type AnswerSource } from './answer-follower';
import { requestStream } from '../request-stream';
import { conversationsKey, taskKey } from '../query-keys';

/** Answers whose state is kept. */
const MAX_KEPT = 40;

const streams = new Map<number, AnswerFollower>();

/** Returns the newest answer of a task; the state of those used longest ago is forgotten. */
export function answerStream(taskId: number): AnswerFollower {
  const known = streams.get(taskId) ?? new AnswerFollower(sourceOf(taskId));
  streams.delete(taskId);
  streams.set(taskId, known);
  for (const [id, { isSeen }] of streams) if (streams.size > MAX_KEPT && id !== taskId && !isSeen) streams.delete(id);

  return known;
}

/** Passes on what the live events say of a task, to an answer that the page knows. */
export function followTask({ id, status }: { id: number; status: string }): void {
  streams.get(id)?.followTask(status);
}

function sourceOf(taskId: number): AnswerSource {
  return {
    open: (lastEventId, signal) => requestStream(`/api/direct-chat/${taskId}/stream`, lastEventId, signal),
    cancel: () => api.POST('/api/tasks/{id}/cancel', { params: { path: { id: taskId } } }),
    readRows: async () => (await bodyOf(api.GET('/api/tasks/{id}', { params: { path: { id: taskId } } }))).subtasks,
    onEnd: () => {
      void queryClient.invalidateQueries({ queryKey: taskKey(taskId) });
      void queryClient.invalidateQueries({ queryKey: conversationsKey });
    },
  };
}
