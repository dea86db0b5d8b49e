/** What the connections to Redis tell those who send while one breaks. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { RedisClients } from '../../src/infra/redis/redis-clients.js';
import { endAll, eventually } from '../support/child.js';
import { RedisServer } from '../support/stores/redis.js';

let server: RedisServer;
let clients: RedisClients;

beforeAll(async () => {
  server = await RedisServer.start();
  clients = await RedisClients.connect({ kind: 'url', url: server.url }, undefined);
});

afterAll(async () => {
  clients.close();
  await endAll(server);
});

describe('the connection of the queues', () => {
  it('says that it is closed, in the words that workers wait at, from the moment it breaks', async () => {
    const queues = clients.queues as Redis;
    queues.stream.destroy();
    // The client has not heard of it yet, and hears nothing as long as somebody tries again without a pause.
    expect(queues.status).toBe('ready');
    await expect(queues.get('key')).rejects.toThrow('Connection is closed.');
    await eventually('it is back', () =>
      queues.get('key').then(
        () => true,
        () => false,
      ),
    );
  });
});
