/** The queue of maintenance tasks on a Redis of its own, with two processes that work on it. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { Queue } from 'bullmq';
import { loadConfig } from '../../src/config/app-config.js';
import { MaintenanceProcessor, MAINTENANCE } from '../../src/infra/queue/maintenance.processor.js';
import { type MaintenanceTask, MaintenanceTasks } from '../../src/infra/queue/maintenance-tasks.js';
import { QueueWorkers } from '../../src/infra/queue/queue-workers.js';
import { QUEUE_PREFIX } from '../../src/infra/redis/keys.js';
import { RedisClients } from '../../src/infra/redis/redis-clients.js';
import { eventually } from '../support/child.js';
import { RedisServer } from '../support/stores/redis.js';

let redis: RedisServer;
let clients: RedisClients;
const toClose: (() => Promise<void>)[] = [];

beforeAll(async () => {
  Logger.overrideLogger(false);
  redis = await RedisServer.start();
  clients = await RedisClients.connect({ kind: 'url', url: redis.url }, undefined);
});

afterEach(async () => {
  for (const close of toClose.splice(0)) await close();
  await redis.use((client) => client.flushall());
});

afterAll(async () => {
  clients.close();
  await redis.stop();
});

function openQueue(name: string): Queue {
  const queue = new Queue(name, { connection: clients.queues, prefix: QUEUE_PREFIX });
  toClose.push(() => queue.close());

  return queue;
}

/** One process with these tasks. */
async function startProcess(tasks: MaintenanceTask[], roles = 'api,worker'): Promise<void> {
  const config = loadConfig({ ROLES: roles, MAINTENANCE_INTERVAL_MS: '100' });
  const workers = new QueueWorkers(clients, config);
  const registry = new MaintenanceTasks();
  for (const task of tasks) registry.register(task);
  const processor = new MaintenanceProcessor(workers, openQueue(MAINTENANCE), registry, config, clients);
  await processor.onApplicationBootstrap();
  toClose.unshift(async () => {
    processor.onApplicationShutdown();
    await workers.onApplicationShutdown();
  });
}

/** A task that counts its runs, and how many there were at a time. */
function counted(name: string, work: () => Promise<void> = () => Promise.resolve()) {
  const counts = { begun: 0, most: 0, now: 0 };
  const run = async () => {
    counts.begun += 1;
    counts.now += 1;
    counts.most = Math.max(counts.most, counts.now);
    await work().finally(() => (counts.now -= 1));
  };

  return { counts, task: { name, everyMs: 60_000, run } };
}

describe('maintenance tasks', () => {
  it('run again after Redis has lost its data', async () => {
    const { counts, task } = counted('lost');
    await startProcess([task]);
    await eventually('it runs', () => counts.begun > 0);
    await redis.use((client) => client.flushall());
    const before = counts.begun;

    await eventually('it runs again and again', () => counts.begun > before + 2);
  });

  it('run again and again, however slow or broken another one is, and none twice at once', async () => {
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const slow = counted('slow', () => released);
    const broken = counted('broken', () => Promise.reject(new Error('broken on purpose')));
    const fine = counted('fine');
    const tasks = [slow.task, broken.task, fine.task];
    await startProcess(tasks);
    await startProcess(tasks);
    await eventually('the others have run', () => fine.counts.begun > 8 && broken.counts.begun > 8);
    expect([slow.counts.begun, fine.counts.most, broken.counts.most]).toEqual([1, 1, 1]);
    release();
    await eventually('the slow one runs again', () => slow.counts.begun > 2);
  });

  it('take the place of the queues of earlier releases', async () => {
    const retired = ['chat-maintenance', 'executor-leases'].map(openQueue);
    for (const queue of retired) await queue.upsertJobScheduler('repeated', { every: 50 }, { name: 'repeated' });
    await startProcess([counted('fine').task]);
    const keys = await redis.use((client) => client.keys('*'));

    expect(keys.filter((key) => !key.startsWith(`${QUEUE_PREFIX}:${MAINTENANCE}:`))).toEqual([]);
  });

  it('do not run in a process without the role worker', async () => {
    await startProcess([counted('fine').task], 'api');
    expect(await openQueue(MAINTENANCE).getJobSchedulers()).toEqual([]);
  });
});

it('refuses two maintenance tasks of one name', () => {
  const registry = new MaintenanceTasks();
  registry.register(counted('same').task);
  expect(() => registry.register(counted('same').task)).toThrow('same');
});
