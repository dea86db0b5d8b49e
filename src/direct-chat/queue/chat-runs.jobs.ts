import { CAPPED_BACKOFF, cappedBackoff } from '../../infra/queue/capped-backoff.js';

export const CHAT_RUNS = 'chat-runs';

export interface ChatRunJob {
  /** First subtask of the turn. */
  subtaskId: number;
  /** Position of the first answer that the run gives, where executors have answered before; 0 without it. */
  position?: number;
  /** The job was lost: a worker may still run it. */
  recovered?: true;
}

/** Returns the id of the one job of an answer. (BullMQ refuses ids that are plain integers.) */
export const chatRunJobId = (subtaskId: number): string => `subtask-${subtaskId}`;

export function subtaskIdOf(jobId: string): number | null {
  const match = /^subtask-(\d+)$/.exec(jobId);

  return match ? Number(match[1]) : null;
}

/** Jobs are tried again after failures of database or Redis only; failures of providers end a run. */
export const CHAT_RUN_OPTIONS = {
  attempts: 1000,
  backoff: CAPPED_BACKOFF,
  removeOnComplete: true,
  removeOnFail: { count: 1000 },
} as const;

export const CHAT_RUN_BACKOFF = cappedBackoff({ baseMs: 100, capMs: 5_000 });

export function isChatRunJob(data: unknown): data is ChatRunJob {
  const { subtaskId, position = 0 } = (data ?? {}) as Partial<ChatRunJob>;

  return Number.isInteger(subtaskId) && Number.isInteger(position);
}
