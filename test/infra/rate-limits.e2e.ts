/** Counters that processes share, while Redis comes and goes. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { FailureLimit } from '../../src/infra/rate-limit/failure-limit.js';
import { RateLimits, secondsToWait } from '../../src/infra/rate-limit/rate-limits.js';
import { RedisClients } from '../../src/infra/redis/redis-clients.js';
import { endAll } from '../support/child.js';
import { RedisServer } from '../support/stores/redis.js';

const LIMIT = { name: 'test', points: 3, seconds: 600 };

let server: RedisServer;
let replicas: RedisClients[];

beforeAll(async () => {
  server = await RedisServer.start();
  const connect = () => RedisClients.connect({ kind: 'url', url: server.url }, undefined);
  replicas = [await connect(), await connect()];
});

afterAll(async () => {
  for (const clients of replicas) clients.close();
  await endAll(server);
});

it('counts for all replicas together', async () => {
  const limiters = replicas.map((clients) => new RateLimits(clients.commands).create(LIMIT));
  const waits = [];
  for (const limiter of [...limiters, ...limiters]) waits.push(await secondsToWait(limiter.consume('key')));

  expect(waits.slice(0, 3)).toEqual([0, 0, 0]);
  expect(waits[3]).toBeGreaterThan(0);
});

it('delays failures for all replicas together, and forgets them', async () => {
  const options = { name: 'failures', free: 2, windowSeconds: 600, maxDelaySeconds: 300 };
  const [one, two] = replicas.map((clients) => new FailureLimit(new RateLimits(clients.commands), options));

  expect([await one?.begin('key'), await two?.begin('key')]).toEqual([0, 0]);
  expect(await one?.begin('key')).toBeGreaterThan(0);
  await two?.forget('key');
  expect(await one?.begin('key')).toBe(0);
});

it('counts by itself while Redis is silent or away', async () => {
  const limiter = new RateLimits((replicas[0] as RedisClients).commands).create({ ...LIMIT, name: 'alone' });
  const waits = [];
  server.freeze();
  for (let index = 0; index < 2; index += 1) waits.push(await secondsToWait(limiter.consume('key')));
  server.thaw();
  await server.kill();
  for (let index = 0; index < 2; index += 1) waits.push(await secondsToWait(limiter.consume('key')));

  expect(waits.slice(0, 3)).toEqual([0, 0, 0]);
  expect(waits[3]).toBeGreaterThan(0);
});
