/** From the reply of a dispatch to the work of executors. Pure. */
import { asObject, asText, isJsonObject, type JsonObject } from '../../common/text/json.js';

/** A subtask that this manager has claimed. Holds secrets: it goes to the executor only. */
export interface ClaimedWork {
  taskId: number;
  subtaskId: number;
  /** Of the task's turn before; empty: the executor is to be a new one. */
  executorName: string;
  /** Of the first bot's shell; null: that of EXECUTOR_IMAGE. */
  image: string | null;
  taskType: 'chat' | 'code';
  /** With which reports on this claim are accepted. */
  authToken: string;
  /** The subtask as it was dispatched, unknown fields included. */
  body: JsonObject;
}

/** Returns the subtasks of a reply; what is none is left out. */
export function claimsOf(reply: JsonObject): ClaimedWork[] {
  const tasks = Array.isArray(reply.tasks) ? (reply.tasks as unknown[]) : [];

  return tasks.filter(isJsonObject).flatMap((body) => {
    const { task_id: taskId, subtask_id: subtaskId } = body;
    if (typeof taskId !== 'number' || typeof subtaskId !== 'number') return [];
    const [bot] = Array.isArray(body.bot) ? (body.bot as unknown[]) : [];

    return {
      ...{ taskId, subtaskId, body },
      executorName: asText(body.executor_name) ?? '',
      image: asText(asObject(bot)?.['base_image']) ?? null,
      // The shape of Wegent has no type of this kind; a repository makes the difference.
      taskType: asText(body.git_url) ? 'code' : 'chat',
      authToken: asText(body.auth_token) ?? '',
    };
  });
}

/** The line that hands a subtask to its executor. */
export function workLine({ body }: ClaimedWork, conch: { api_url: string; executor_name: string }): string {
  return JSON.stringify({ ...body, conch });
}
