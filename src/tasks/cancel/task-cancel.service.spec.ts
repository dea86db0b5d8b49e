import { describe, expect, it } from '@jest/globals';
import type { Queue } from 'bullmq';
import { loadConfig } from '../../config/app-config.js';
import { AnswerBackends } from '../backends/answer-backends.js';
import { TaskCancelService } from './task-cancel.service.js';
import type { TaskChangePublisher } from '../events/task-change.publisher.js';
import type { TaskUpdatesRepository } from '../status/task-updates.repository.js';
import type { TaskUpdatesService } from '../status/task-updates.service.js';
import type { TaskCancellation, TaskUpdate } from '../tasks.jobs.js';
import type { TasksRepository } from '../tasks.repository.js';
import type { SubtaskRow } from '../turns/answer-turn.js';

const CREATED = new Date('2026-01-01T00:00:00Z');
const answer = (id: number) => ({ id, taskId: 1, createdAt: CREATED }) as SubtaskRow;

/** Cancels of task 1, whose answers are given; a backend that cannot reach the run of the answers in `lost`. */
function cancels(unfinished: SubtaskRow[], lost: number[] = []) {
  const ended: TaskUpdate[] = [];
  const forced: boolean[] = [];
  const mended: number[] = [];
  const backends = new AnswerBackends();
  backends.register({
    handlesTeam: () => false,
    handles: ({ id }) => lost.includes(id),
    cancel: (_subtask, _at, force) => {
      forced.push(force);

      return Promise.reject(new Error('it cannot be reached'));
    },
    start: () => Promise.reject(new Error('not asked for')),
    inspect: () => Promise.reject(new Error('not asked for')),
  });
  const service = new TaskCancelService(
    { on: () => undefined } as unknown as Queue<TaskCancellation>,
    { unfinishedSubtasks: () => Promise.resolve(unfinished) } as unknown as TasksRepository,
    backends,
    { settle: (update: TaskUpdate) => Promise.resolve(ended.push(update)) } as unknown as TaskUpdatesService,
    { reconcile: (taskId: number) => Promise.resolve((mended.push(taskId), [])) } as unknown as TaskUpdatesRepository,
    { publish: () => Promise.resolve() } as unknown as TaskChangePublisher,
    loadConfig({ CANCEL_DEADLINE_SECONDS: '30' }),
  );

  return { service, ended, forced, mended };
}

const secondsAgo = (seconds: number) => Date.now() - seconds * 1000;

describe('pursuing a cancel', () => {
  it('ends at once what nobody runs', async () => {
    const { service, ended } = cancels([answer(7)]);
    expect(await service.repeat({ taskId: 1, requestedAt: secondsAgo(1), subtaskIds: [7] })).toBe(false);
    expect(ended).toEqual([{ subtaskId: 7, status: 'CANCELLED', errorMessage: 'Cancelled by the user' }]);
  });

  it('tries again until the deadline, and then ends what cannot be reached', async () => {
    const { service, ended, forced } = cancels([answer(7)], [7]);
    await expect(service.repeat({ taskId: 1, requestedAt: secondsAgo(25), subtaskIds: [7] })).rejects.toThrow(
      'reached',
    );
    expect(ended).toEqual([]);
    expect(await service.repeat({ taskId: 1, requestedAt: secondsAgo(35), subtaskIds: [7] })).toBe(false);
    expect(forced).toEqual([false, true]);
    expect(ended).toMatchObject([{ subtaskId: 7, status: 'CANCELLED' }]);
  });

  it('leaves a later turn alone, whatever the clocks say', async () => {
    const { service, ended } = cancels([answer(8)]);
    const requestedAt = CREATED.getTime();
    expect(await service.repeat({ taskId: 1, requestedAt: requestedAt + 5, subtaskIds: [7] })).toBe(true);
    expect(await service.repeat({ taskId: 1, requestedAt: requestedAt - 5 })).toBe(true);
    expect(ended).toEqual([]);
    expect(await service.repeat({ taskId: 1, requestedAt: requestedAt - 5, subtaskIds: [8] })).toBe(false);
    expect(ended).toHaveLength(1);
  });

  it('mends a task all whose answers have ended', async () => {
    const { service, mended } = cancels([]);
    expect(await service.repeat({ taskId: 1, requestedAt: secondsAgo(1), subtaskIds: [7] })).toBe(true);
    expect(mended).toEqual([1]);
  });
});
