import type { JobState } from 'bullmq';

/** Of a queue, what is asked here. */
interface Jobs {
  getJob(id: string): Promise<{ getState(): Promise<JobState | 'unknown'> } | undefined>;
}

export interface JobLockState {
  state: JobState | 'unknown';
  /** Of the lock, as Redis gives it: negative when there is none. */
  lockMs: number;
}

/**
 * State of a job and life of its lock, which belong together: a job gets its lock with becoming active, and loses it with
 * its end. Read at two moments they may say that a worker is lost that has just begun, or has just finished.
 */
export async function jobLockState(queue: Jobs, id: string, lockOf: () => Promise<number>): Promise<JobLockState> {
  const job = await queue.getJob(id);
  const state = (await job?.getState()) ?? 'unknown';
  const lockMs = await lockOf();
  if (state !== 'active' || lockMs > 0) return { state, lockMs };

  return { state: (await job?.getState()) ?? 'unknown', lockMs };
}
