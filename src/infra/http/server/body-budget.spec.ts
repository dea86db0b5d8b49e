import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fastify, { type FastifyInstance } from 'fastify';
import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { BodyBudget, limitInternalBodies } from './body-budget.js';

const MIB = 1024 * 1024;
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('BodyBudget', () => {
  it('lets bodies wait in order while there is no room', async () => {
    const budget = new BodyBudget(10 * MIB);
    const first = await budget.reserve(8 * MIB, null);
    const begun: string[] = [];
    const second = budget.reserve(4 * MIB, null).then((release) => {
      begun.push('second');

      return release;
    });
    void budget.reserve(1 * MIB, null).then(() => begun.push('third'));
    await settled();
    expect([begun, budget.usedBytes]).toEqual([[], 8 * MIB]);
    first();
    first();
    await second;
    await settled();
    expect([begun, budget.usedBytes]).toEqual([['second', 'third'], 5 * MIB]);
  });

  it('refuses those that wait for too long, with the advice to send them again', async () => {
    const budget = new BodyBudget(10 * MIB, 1);
    const release = await budget.reserve(10 * MIB, null);
    await expect(budget.reserve(1, null)).rejects.toMatchObject({ code: 'service_unavailable', retryAfter: 1 });
    release();
    await budget.reserve(1, null);
    expect(budget.usedBytes).toBe(1);
  });

  it('does not let more than 256 wait', async () => {
    const budget = new BodyBudget(1);
    const release = await budget.reserve(1, null);
    const waiting = Array.from({ length: 256 }, () => budget.reserve(1, null).then((end) => end()));
    await expect(budget.reserve(1, null)).rejects.toMatchObject({ code: 'service_unavailable' });
    release();
    await Promise.all(waiting);
    expect(budget.usedBytes).toBe(0);
  });

  it('lets a body that is larger than all there is in alone', async () => {
    const budget = new BodyBudget(MIB);
    const release = await budget.reserve(5 * MIB, 'executor');
    const small = budget.reserve(1, 'another');
    await settled();
    expect(budget.usedBytes).toBe(5 * MIB);
    release();
    await small;
    expect(budget.usedBytes).toBe(1);
  });

  it('gives one caller a quarter at most', async () => {
    const budget = new BodyBudget(16 * MIB);
    const release = await budget.reserve(3 * MIB, 'executor');
    await expect(budget.reserve(2 * MIB, 'executor')).rejects.toMatchObject({
      code: 'too_many_requests',
      retryAfter: 1,
    });
    await budget.reserve(2 * MIB, 'another');
    release();
    await budget.reserve(2 * MIB, 'executor');
    expect(budget.usedBytes).toBe(4 * MIB);
  });
});

describe('limitInternalBodies', () => {
  const BODY = JSON.stringify({ text: 'x'.repeat(100 * 1024) });
  let budget: BodyBudget;
  let server: FastifyInstance;
  let running = 0;
  let most = 0;

  beforeEach(async () => {
    budget = new BodyBudget(256 * 1024);
    server = fastify({ forceCloseConnections: true });
    limitInternalBodies(server, budget);
    [running, most] = [0, 0];
    server.post('/report', { config: { isInternal: true } as never, bodyLimit: MIB }, async () => {
      running += 1;
      most = Math.max(most, running);
      await settled();
      running -= 1;

      return 'stored';
    });
    await server.listen({ port: 0, host: '127.0.0.1' });
  });

  afterEach(() => server.close());

  const port = () => (server.server.address() as AddressInfo).port;
  const post = () =>
    fetch(`http://127.0.0.1:${port()}/report`, {
      ...{ method: 'POST', body: BODY, headers: { 'content-type': 'application/json' } },
    });

  it('serves all of many, and has few of them in memory at once', async () => {
    const replies = await Promise.all(Array.from({ length: 20 }, post));
    expect(replies.map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect(most).toBeLessThanOrEqual(2);
    while (budget.usedBytes > 0) await settled();
  });

  it('does not count a body that breaks off', async () => {
    const socket = connect(port(), '127.0.0.1').on('error', () => undefined);
    socket.write(
      'POST /report HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 200000\r\n\r\n{',
    );
    while (budget.usedBytes === 0) await settled();
    socket.destroy();
    await once(socket, 'close');
    while (budget.usedBytes > 0) await settled();
    expect((await post()).status).toBe(200);
  });
});
