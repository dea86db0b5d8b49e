import { describe, expect, it, jest } from '@jest/globals';
import type { Queue } from 'bullmq';
import { pollUntil } from '../../common/async/poll-until.js';
import type { TaskUpdate, TaskUpdates } from '../tasks.jobs.js';
import { UpdateQueue } from './update-queue.js';

const update = (subtaskId: number, value = ''): TaskUpdate => ({
  subtaskId,
  status: 'RUNNING',
  result: { value },
  report: {},
});

/** A queue whose adds are answered by the test. */
function scripted() {
  const jobs: TaskUpdate[][] = [];
  const answers: { confirm: () => void; refuse: (error: Error) => void }[] = [];
  const queue = {
    on: () => undefined,
    add: (_name: string, { updates }: TaskUpdates) => {
      jobs.push(updates);

      return new Promise<void>((confirm, refuse) => answers.push({ confirm, refuse }));
    },
  };

  return { jobs, answers, queue: new UpdateQueue(queue as unknown as Queue<TaskUpdates>) };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

/** The next job follows a moment after the one before. */
async function until(condition: () => boolean): Promise<void> {
  await pollUntil(condition, { everyMs: 1 });
}

const ids = (job: TaskUpdate[] | undefined) => job?.map(({ subtaskId }) => subtaskId);

describe('UpdateQueue', () => {
  it('sends the first at once, and what comes meanwhile together', async () => {
    const { jobs, answers, queue } = scripted();
    const first = queue.add([update(1)]);
    expect(jobs.map(ids)).toEqual([[1]]);
    const others = [queue.add([update(2)]), queue.add([update(3), update(4)])];
    await settled();
    expect(jobs).toHaveLength(1);
    answers[0]?.confirm();
    await first;
    await until(() => jobs.length > 1);
    expect(jobs.map(ids)).toEqual([[1], [2, 3, 4]]);
    answers[1]?.confirm();
    await Promise.all(others);
  });

  it('puts 25 into a job at most, and a big one into its own', async () => {
    const { jobs, answers, queue } = scripted();
    const all = queue.add([
      ...Array.from({ length: 40 }, (_, index) => update(index + 1)),
      update(200, 'x'.repeat(2 ** 20)),
      update(201),
    ]);
    for (let at = 0; at < 4; at += 1) {
      await until(() => answers.length > at);
      answers[at]?.confirm();
    }
    await all;
    expect(jobs.map((job) => job.length)).toEqual([25, 15, 1, 1]);
  });

  it('numbers executors’ reports in the order of their arrival', async () => {
    const { jobs, answers, queue } = scripted();
    const added = [
      queue.add([update(1), update(1)]),
      queue.add([update(1)]),
      queue.add([{ subtaskId: 2, status: 'RUNNING' }]),
    ];
    answers[0]?.confirm();
    await until(() => answers.length > 1);
    answers[1]?.confirm();
    await Promise.all(added);
    const orders = jobs.flat().map(({ report }) => report?.order ?? 0);
    expect(orders.slice(0, 3)).toEqual([...new Set(orders.slice(0, 3))].sort((a, b) => a - b));
    expect(jobs.flat().at(-1)).toEqual({ subtaskId: 2, status: 'RUNNING' });
  });

  it('tells everybody who waits that Redis is away, and goes on when it is back', async () => {
    const { answers, queue } = scripted();
    const outcomes = Promise.allSettled([queue.add([update(1)]), queue.add([update(2)])]);
    answers[0]?.refuse(new Error('away'));
    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    const later = queue.add([update(3)]);
    await until(() => answers.length > 1);
    answers[1]?.confirm();
    await later;
  });

  it('waits a second for a queue that does not answer', async () => {
    jest.useFakeTimers();
    try {
      const { queue } = scripted();
      const outcomes = Promise.allSettled([queue.add([update(1)]), queue.add([update(2)])]);
      await jest.advanceTimersByTimeAsync(1000);
      expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    } finally {
      jest.useRealTimers();
    }
  });
});
