import { describe, expect, it } from '@jest/globals';
import { pollUntil } from '../../common/async/poll-until.js';
import type { RedisBus } from '../../infra/redis/redis.bus.js';
import { AnswerBackends } from '../backends/answer-backends.js';
import type { TaskChangePublisher } from '../events/task-change.publisher.js';
import type { TaskUpdatesRepository } from './task-updates.repository.js';
import { TaskUpdatesService } from './task-updates.service.js';
import type { TaskUpdate } from '../tasks.jobs.js';
import type { AppliedUpdates } from './apply-reports.js';
import type { UpdateQueue } from './update-queue.js';

const SMALL: TaskUpdate = { subtaskId: 7, status: 'COMPLETED', result: { value: 'short' } };
const LARGE: TaskUpdate = { ...SMALL, result: { value: 'x'.repeat(600_000), reasoning: 'y'.repeat(600_000) } };

function applied(): AppliedUpdates {
  const result = { subtaskId: 7, taskId: 3, outcome: 'applied', status: 'COMPLETED', taskStatus: 'COMPLETED' };

  return { results: [result], changes: [] } as unknown as AppliedUpdates;
}

/** The service on a queue that takes everything, and a database that does what it is told to. */
function serviceOn(apply: () => Promise<AppliedUpdates>) {
  const queued: TaskUpdate[] = [];
  const queue = {
    add: (updates: readonly TaskUpdate[]) => {
      queued.push(...updates);

      return Promise.resolve();
    },
  };
  const nothing = () => Promise.resolve();
  const service = new TaskUpdatesService(
    queue as unknown as UpdateQueue,
    { apply } as unknown as TaskUpdatesRepository,
    { on: nothing, publish: nothing } as unknown as RedisBus,
    { publish: nothing } as unknown as TaskChangePublisher,
    new AnswerBackends(),
  );

  return { service, queued };
}

describe('the end of a subtask', () => {
  it('goes through the queue', async () => {
    const { service, queued } = serviceOn(() => Promise.resolve(applied()));
    const settled = service.settle(SMALL, 5_000);
    await service.apply([SMALL], false);

    expect(await settled).toBe('applied');
    expect(queued).toEqual([SMALL]);
  });

  it('goes past it when the answer is large', async () => {
    const { service, queued } = serviceOn(() => Promise.resolve(applied()));

    expect(await service.settle(LARGE, 5_000)).toBe('applied');
    expect(queued).toEqual([]);
  });

  it.each([
    ['is away', () => Promise.reject(new Error('connection refused'))],
    ['hangs', () => new Promise<never>(() => undefined)],
  ])('is kept by the queue when the database %s, however large', async (_what, apply) => {
    const { service, queued } = serviceOn(apply);

    expect(await service.settle(LARGE, 20)).toBe('pending');
    expect(queued).toEqual([LARGE]);
  });

  it('is told when a database that hung has taken it after all', async () => {
    let answer: (value: AppliedUpdates) => void = () => undefined;
    const { service, queued } = serviceOn(() => new Promise((resolve) => (answer = resolve)));
    const settled = service.settle(LARGE, 300);
    await pollUntil(() => queued.length > 0, { everyMs: 10 });
    answer(applied());

    expect(await settled).toBe('applied');
  });
});
