import { describe, expect, it } from '@jest/globals';
import type { Queue } from 'bullmq';
import type { AppConfig } from '../../config/app-config.js';
import type { Lifecycle } from '../../infra/lifecycle.js';
import type { RedisClients } from '../../infra/redis/redis-clients.js';
import { ChatAdmission } from './chat-admission.js';
import type { ChatRunJob } from './chat-runs.jobs.js';
import type { QueuePositions } from './queue-positions.js';
import type { ChatRunQueue } from './chat-run-queue.js';

/** The door with one place and a waiting room for one. */
class Door {
  /** In the queue, and begun without it. */
  queued = 0;
  begun = 0;
  taken = 0;
  /** What happens between the queue's count and its arrival. */
  meanwhile = (): void => undefined;
  readonly admission: ChatAdmission;

  constructor() {
    const count = async () => {
      const { queued } = this;
      await Promise.resolve();
      this.meanwhile();

      return queued;
    };
    const runs = Object.defineProperties({}, { unknown: { get: () => this.begun }, taken: { get: () => this.taken } });
    this.admission = new ChatAdmission(
      {} as Queue<ChatRunJob>,
      { count } as QueuePositions,
      { isReady: true } as RedisClients,
      { chat: { maxConcurrent: 1, maxQueued: 1, maxRunningPerUser: 10 } } as AppConfig,
      { stopping: false } as Lifecycle,
      runs as ChatRunQueue,
    );
  }

  /** Whether who comes now may begin at once. */
  async enter(): Promise<boolean> {
    await this.admission.admit(() => Promise.resolve());

    return this.admission.hasPlaces;
  }
}

describe('ChatAdmission', () => {
  it('has a place while nothing runs', async () => {
    expect(await new Door().enter()).toBe(true);
  });

  it.each([
    ['in the queue', { queued: 1 }],
    ['begun without it', { begun: 1 }],
  ])('has none while a run is %s', async (_where, runs) => {
    const door = Object.assign(new Door(), runs);
    expect(await door.enter()).toBe(false);
  });

  it('has none for who comes while the queue takes the run that has the place', async () => {
    const door = new Door();
    door.begun = 1;
    door.meanwhile = () => {
      door.begun = 0;
      door.queued = 1;
      door.taken = 1;
    };
    expect(await door.enter()).toBe(false);
  });

  it('refuses who finds the waiting room full', async () => {
    const door = new Door();
    door.begun = 1;
    expect(await door.enter()).toBe(false);
    door.queued = 1;
    await expect(door.enter()).rejects.toMatchObject({ code: 'too_many_chats' });
  });
});
