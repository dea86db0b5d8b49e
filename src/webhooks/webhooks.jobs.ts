import { isJsonObject } from '../common/json.js';

export const WEBHOOKS = 'webhooks';

/** What is sent when a task's turn has ended. */
export interface WebhookPayload {
  event: 'task.completed' | 'task.failed' | 'task.cancelled';
  task: {
    id: number;
    title: string;
    status: 'COMPLETED' | 'FAILED' | 'CANCELLED';
    /** Percent, 0..100. */
    progress: number;
    error_message: string | null;
    team_id: number;
    user_id: number;
    /** ISO 8601, UTC. */
    created_at: string;
    completed_at: string;
  };
  /** The same for every attempt: receivers know repetitions by it. */
  delivery_id: string;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Milliseconds before attempts 2, 3 …; the last one repeats. All twelve attempts take some six hours. */
const DELAYS = [1000, 5000, 30_000, 2 * MINUTE_MS, 10 * MINUTE_MS, 30 * MINUTE_MS];

/**
 * Ended jobs are kept, as a second end of the same turn finds its job by its id and adds none. The payload stands in
 * the job: by the time of a later attempt the task may be in its next turn.
 */
export const WEBHOOK_OPTIONS = {
  attempts: 12,
  backoff: { type: 'webhook' },
  removeOnComplete: { age: 7 * 24 * 3600, count: 20_000 },
  removeOnFail: { age: 7 * 24 * 3600, count: 20_000 },
} as const;

/** Milliseconds before attempt `attempt` + 1; up to a fifth more, so that many that failed together come apart. */
export function webhookBackoff(attempt: number): number {
  const delay = DELAYS[attempt - 1] ?? HOUR_MS;

  return Math.round(delay * (1 + Math.random() / 5));
}

/** One job per end of a turn, however often it is told. (BullMQ refuses ids with a colon.) */
export const webhookJobId = (taskId: number, completedAt: Date): string => `task-${taskId}-${completedAt.getTime()}`;

export function isWebhookPayload(data: unknown): data is WebhookPayload {
  return (
    isJsonObject(data) &&
    typeof data.event === 'string' &&
    typeof data.delivery_id === 'string' &&
    isJsonObject(data.task) &&
    Number.isInteger(data.task.id)
  );
}
