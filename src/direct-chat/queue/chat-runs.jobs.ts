import { CAPPED_BACKOFF, cappedBackoff } from '../../infra/queue/capped-backoff.js';

export const CHAT_RUNS = 'chat-runs';

/** Ids only: the worker reads the rest. */
export interface ChatRunJob {
  subtaskId: number;
  /** The queue had lost this run: its worker may be alive. */
  recovered?: true;
}

/** One job per answer, however often it is asked for. (BullMQ refuses ids that are plain integers.) */
export const chatRunJobId = (subtaskId: number): string => `subtask-${subtaskId}`;

export function subtaskIdOf(jobId: string): number | null {
  const match = /^subtask-(\d+)$/.exec(jobId);

  return match ? Number(match[1]) : null;
}

/** Provider failures end a run; only failures of our own parts (database, Redis) are tried again. */
export const CHAT_RUN_OPTIONS = {
  attempts: 1000,
  backoff: CAPPED_BACKOFF,
  removeOnComplete: true,
  removeOnFail: { count: 1000 },
} as const;

export const CHAT_RUN_BACKOFF = cappedBackoff({ baseMs: 100, capMs: 5_000 });

export function isChatRunJob(data: unknown): data is ChatRunJob {
  return Number.isInteger((data as Partial<ChatRunJob> | null)?.subtaskId);
}
