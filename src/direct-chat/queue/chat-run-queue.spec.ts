import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Queue } from 'bullmq';
import type { ChatRunJob } from './chat-runs.jobs.js';
import { ChatRunQueue } from './chat-run-queue.js';
import { RunHandle } from '../run/active-runs.js';
import type { RunOutcome } from '../run/run-outcome.js';

/** Takes jobs as long as it is not `away`. */
class Jobs {
  readonly calls: number[][] = [];
  away = false;

  on(): this {
    return this;
  }

  addBulk(jobs: { data: ChatRunJob }[]): Promise<unknown[]> {
    if (this.away) return Promise.reject(new Error('Connection is closed.'));
    this.calls.push(jobs.map(({ data }) => data.subtaskId));

    return Promise.resolve([]);
  }
}

/** A run that goes on until it is told how it ends. */
function begun(subtaskId: number) {
  const handle = new RunHandle(subtaskId);
  let end!: (outcome: RunOutcome) => void;
  let fail!: (error: Error) => void;
  handle.ended = new Promise((resolve, reject) => {
    end = resolve;
    fail = reject;
  });
  handle.ended.catch(() => undefined);

  return { handle, end, fail };
}

describe('the queue of runs', () => {
  let jobs: Jobs;
  let queue: ChatRunQueue;

  beforeEach(() => {
    jest.useFakeTimers();
    jobs = new Jobs();
    queue = new ChatRunQueue(jobs as unknown as Queue<ChatRunJob>);
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('is given runs that have begun a moment later, several at once', async () => {
    queue.addSoon(begun(1).handle);
    queue.addSoon(begun(2).handle);
    expect([jobs.calls, queue.unknown]).toEqual([[], 2]);
    await jest.advanceTimersByTimeAsync(1000);

    expect([jobs.calls, queue.unknown]).toEqual([[[1, 2]], 0]);
  });

  it('is given a burst bit by bit, and all of it', async () => {
    for (let id = 1; id <= 50; id += 1) queue.addSoon(begun(id).handle);
    await jest.advanceTimersByTimeAsync(1000);

    expect(jobs.calls.length).toBeGreaterThan(2);
    expect(jobs.calls.flat()).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
  });

  it('is not given what has ended by then', async () => {
    const [first, second] = [begun(1), begun(2)];
    for (const { handle } of [first, second]) queue.addSoon(handle);
    first.end('ended');
    await jest.advanceTimersByTimeAsync(1000);

    expect(jobs.calls).toEqual([[2]]);
  });

  it('is given what another attempt or another process must go on with', async () => {
    const [failed, left] = [begun(1), begun(2)];
    for (const { handle } of [failed, left]) queue.addSoon(handle);
    failed.fail(new Error('Redis was away'));
    left.end('handover');
    await jest.advanceTimersByTimeAsync(1000);

    expect(jobs.calls).toEqual([[1, 2]]);
  });

  it('is asked again when it did not take a run, as long as that goes on', async () => {
    jobs.away = true;
    const [first, second] = [begun(1), begun(2)];
    for (const { handle } of [first, second]) queue.addSoon(handle);
    await jest.advanceTimersByTimeAsync(5000);
    expect(queue.unknown).toBe(2);
    first.end('ended');
    jobs.away = false;
    await jest.advanceTimersByTimeAsync(2000);

    expect([jobs.calls, queue.unknown]).toEqual([[[2]], 0]);
  });

  it('is given at once what waits when the process stops', async () => {
    queue.addSoon(begun(1).handle);
    await queue.onModuleDestroy();

    expect(jobs.calls).toEqual([[1]]);
  });

  it('refuses a run that has not begun when it does not answer', async () => {
    jobs.away = true;

    await expect(queue.add({ subtaskId: 1 })).rejects.toMatchObject({ code: 'service_unavailable', retryable: true });
  });
});
