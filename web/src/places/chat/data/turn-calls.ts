import { fetchApi, type Schemas } from '../../../api/client';

type Task = Schemas['TaskDto'];

/** A question that waits for the answer before it to end. */
export interface FollowUp {
  id: number;
  prompt: string;
  created_at: string;
  position: number;
}

export interface FollowUps {
  items: readonly FollowUp[];
  is_paused: boolean;
  paused_reason?: 'task_failed' | 'task_cancelled' | 'version_shown' | 'refused' | null;
  /** Why the next one was refused. */
  paused_message?: string | null;
}

export interface TaskLink {
  token: string;
  path: string;
  expires_at: string;
  access: LinkAccess;
}

export type LinkAccess = 'read' | 'read_and_stop';

/** Which versions of a question there are. */
export interface TurnVersion {
  /** From 1. */
  index: number;
  count: number;
  subtask_ids: readonly number[];
}

async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  const response = await fetchApi(
    new Request(new URL(path, window.location.origin), {
      method,
      ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    }),
  );

  return (await response.json()) as T;
}

interface NewVersion {
  /** The question; the newest one when missing. */
  subtask_id?: number;
  /** In place of the question that was asked. */
  prompt?: string;
  model_id?: string;
}

/** Asks a question again; the versions before it are kept. */
export const askVersion = (taskId: number, body: NewVersion): Promise<Task> =>
  call('POST', `/api/tasks/${taskId}/versions`, body);

/** Shows another version of a question. */
export const chooseVersion = (taskId: number, subtaskId: number): Promise<unknown> =>
  call('PUT', `/api/tasks/${taskId}/versions`, { subtask_id: subtaskId });

/** Begins a conversation with the turns up to one. */
export const branchOff = (taskId: number, subtaskId: number): Promise<Task> =>
  call('POST', `/api/tasks/${taskId}/branch`, { subtask_id: subtaskId });

/** The questions that wait. */
export const readFollowUps = (taskId: number): Promise<FollowUps> => call('GET', `/api/tasks/${taskId}/follow-ups`);

/** Queues a question behind the running answer. */
export const addFollowUp = (taskId: number, body: { prompt: string; inputs?: object; files?: object[] }): Promise<FollowUp> =>
  call('POST', `/api/tasks/${taskId}/follow-ups`, body);

/** Takes a question out of the queue. */
export const removeFollowUp = (taskId: number, id: number): Promise<FollowUp> =>
  call('DELETE', `/api/tasks/${taskId}/follow-ups/${id}`);

/** Goes on with the queue after a failure. */
export const resumeFollowUps = (taskId: number): Promise<unknown> =>
  call('POST', `/api/tasks/${taskId}/follow-ups/resume`);

/** Makes a link that opens the conversation without a log-in. */
export const makeLink = (taskId: number, access: LinkAccess, seconds: number): Promise<TaskLink> =>
  call('POST', `/api/tasks/${taskId}/links`, { access, expires_in_seconds: seconds });

/** Ends all links of a conversation. */
export const endLinks = (taskId: number): Promise<unknown> => call('DELETE', `/api/tasks/${taskId}/links`);

/** The version of a question; null while it was asked once only. */
export function versionOf(question: Schemas['SubtaskDto']): TurnVersion | null {
  const { version } = question as { version?: TurnVersion | null };

  return version && version.count > 1 ? version : null;
}
