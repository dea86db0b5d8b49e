import { describe, expect, it } from '@jest/globals';
import type { Queue } from 'bullmq';
import type { AppConfig } from '../../config/app-config.js';
import type { Lifecycle } from '../../infra/lifecycle.js';
import type { RedisClients } from '../../infra/redis/redis-clients.js';
import type { RedisMemory } from '../../infra/redis/redis-memory.js';
import { ChatAdmission } from './chat-admission.js';
import type { ChatRunJob } from './chat-runs.jobs.js';

/** Admission with one place and a waiting room for one, in front of a queue that has `queued` jobs. */
function admissionOf(queued: number, { isReady = true, stopping = false, isNearlyFull = false } = {}) {
  return new ChatAdmission(
    { getJobCountByTypes: () => Promise.resolve(queued) } as unknown as Queue<ChatRunJob>,
    { isReady } as RedisClients,
    { isNearlyFull: () => Promise.resolve(isNearlyFull) } as RedisMemory,
    { chat: { maxConcurrent: 1, maxQueued: 1, maxRunningPerUser: 10 } } as AppConfig,
    { stopping } as Lifecycle,
  );
}

const store = (limit: number) => Promise.resolve(limit);

describe('ChatAdmission', () => {
  it.each([0, 1])('admits a run when the queue has %i, and passes on how many a user may have', async (queued) => {
    await expect(admissionOf(queued).admit(store)).resolves.toBe(10);
  });

  it('refuses a run when the waiting room is full', async () => {
    await expect(admissionOf(2).admit(store)).rejects.toMatchObject({ code: 'too_many_chats', retryable: true });
  });

  it('counts runs that are being stored, until they are stored or have failed', async () => {
    const admission = admissionOf(1);
    let fail!: (error: Error) => void;
    const storing = admission.admit(() => new Promise((_resolve, reject) => (fail = reject)));
    await expect(admission.admit(store)).rejects.toMatchObject({ code: 'too_many_chats' });
    fail(new Error('the database does not answer'));
    await expect(storing).rejects.toThrow('does not answer');
    await expect(admission.admit(store)).resolves.toBe(10);
  });

  it.each([
    ['Redis is unreachable', { isReady: false }],
    ['the memory of Redis is nearly used up', { isNearlyFull: true }],
    ['the process is stopping', { stopping: true }],
  ])('refuses every run while %s', async (_when, state) => {
    await expect(admissionOf(0, state).admit(store)).rejects.toMatchObject({ code: 'service_unavailable' });
  });
});
