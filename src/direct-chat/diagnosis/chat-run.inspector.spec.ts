import { describe, expect, it } from '@jest/globals';
import type { JobState } from 'bullmq';
import { jobLockState } from './chat-run.inspector.js';

/** A job whose state changes with each look, and its lock as it is after the first. */
async function look(states: readonly JobState[], lockMs: number) {
  const left = [...states];
  let looks = 0;
  const job = {
    getState: () => {
      looks += 1;

      return Promise.resolve(left.shift() ?? ('unknown' as const));
    },
  };
  const lockOf = () => {
    // Before the state is known, the lock of what becomes active is not there.
    expect(looks).toBe(1);

    return Promise.resolve(lockMs);
  };

  return jobLockState({ getJob: () => Promise.resolve(job) }, '1', lockOf);
}

describe('jobLockState', () => {
  it('tells state and lock', async () => {
    expect(await look(['active'], 900)).toEqual({ state: 'active', lockMs: 900 });
    expect(await look(['waiting'], -2)).toEqual({ state: 'waiting', lockMs: -2 });
  });

  it('does not take a worker for lost that has finished between the two looks', async () => {
    expect(await look(['active', 'completed'], -2)).toEqual({ state: 'completed', lockMs: -2 });
  });

  it('tells a job that has lost its worker', async () => {
    expect(await look(['active', 'active'], -2)).toEqual({ state: 'active', lockMs: -2 });
  });

  it('tells a job that there is not', async () => {
    const none = { getJob: () => Promise.resolve(undefined) };
    expect(await jobLockState(none, '1', () => Promise.resolve(-2))).toEqual({ state: 'unknown', lockMs: -2 });
  });
});
