import type { EnvDto } from './env.dto.js';

/** Times of the queues. */
export interface QueueConfig {
  /** How long a job belongs to its worker without a sign of life; renewed three times as often. */
  lockMs: number;
  /** How often to look for jobs whose lock has run out. */
  stalledCheckMs: number;
  /** Longest pause between two runs of a maintenance task; some run more often. */
  maintenanceMs: number;
  /** From this age on an answer that no queue knows is started again. */
  lostRunAgeSeconds: number;
}

export function queuePart(env: EnvDto): QueueConfig {
  return {
    lockMs: env.WORKER_LOCK_MS ?? 6_000,
    stalledCheckMs: env.WORKER_STALLED_CHECK_MS ?? 2_500,
    maintenanceMs: env.MAINTENANCE_INTERVAL_MS ?? 15_000,
    lostRunAgeSeconds: env.LOST_RUN_AGE_SECONDS ?? 20,
  };
}
