import { describe, expect, it } from '@jest/globals';
import type { Queue } from 'bullmq';
import type { TaskUpdatesService } from '../../tasks/status/task-updates.service.js';
import type { TaskUpdate } from '../../tasks/tasks.jobs.js';
import { ChatRunQueue } from './chat-run-queue.js';
import type { ChatRunJob } from './chat-runs.jobs.js';

function queueThat(add: () => Promise<unknown>) {
  const added: unknown[] = [];
  const settled: TaskUpdate[] = [];
  const jobs = {
    on: () => undefined,
    add: (_name: string, data: ChatRunJob, options: { jobId: string }) => {
      added.push([data, options.jobId]);

      return add();
    },
  };
  const updates = {
    settle: (update: TaskUpdate) => {
      settled.push(update);

      return Promise.resolve('settled');
    },
  };
  const queue = new ChatRunQueue(jobs as unknown as Queue<ChatRunJob>, updates as unknown as TaskUpdatesService);

  return { queue, added, settled };
}

describe('ChatRunQueue', () => {
  it('enqueues a run under the id of its answer, so that it is one job however often it is enqueued', async () => {
    const { queue, added, settled } = queueThat(() => Promise.resolve());
    await queue.enqueueNew(3, 7);
    expect(added).toEqual([[{ subtaskId: 7 }, 'subtask-7']]);
    expect(settled).toEqual([]);
  });

  it('ends the answer as failed when the queue does not accept its run', async () => {
    const { queue, settled } = queueThat(() => Promise.reject(new Error('Connection is closed.')));
    await expect(queue.enqueueNew(3, 7)).rejects.toMatchObject({ code: 'service_unavailable' });
    expect(settled).toMatchObject([
      { subtaskId: 7, status: 'FAILED', terminal: { event: { type: 'error', code: 'service_unavailable' }, seq: 1 } },
    ]);
  });
});
