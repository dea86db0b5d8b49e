/** From a cancel to the closed socket at the provider; for the relay, from the client's hanging up. */
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { clockMs } from '../measure/clock.js';
import { type Figure, figure, type Round } from '../measure/figure.js';
import type { Lab, Part } from '../lab.js';
import { allRight, LoadStream, openStreams } from '../load.js';
import type { Server } from '../server.js';
import { until } from '../servers.js';
import { percentile } from '../measure/stats.js';

const LOAD = { streams: 100, rate: 50 };
/** One cancelled stream after the other takes about this long. */
const ONE_MS = 150;
/** What the start of the other streams leaves to be done is not part of the figures. */
const SETTLE_MS = 3_000;

interface Cancelled {
  tag: string;
  at: number;
  replyMs: number;
}

function post(url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const call = request(url, { method: 'POST' }, (res) => res.resume().on('end', () => resolve(res.statusCode ?? 0)));
    call.on('error', reject).end();
  });
}

/** Opens an answer, waits for some of it, and stops it. */
async function cancelOne(server: Server, tag: string): Promise<Cancelled> {
  const stream = new LoadStream(server, { tokens: 5000, rate: 50 }, { tag });
  await until(() => stream.tokens >= 2, 10_000, 'the second token');
  const at = clockMs();
  if (server.name === 'relay') {
    stream.abort();
    await stream.ended;

    return { tag, at, replyMs: Number.NaN };
  }
  const status = await post(`${server.base}/api/direct-chat/${stream.check.taskId}/cancel`);
  if (status !== 200) throw new Error(`cancel: status ${status}`);
  const replyMs = clockMs() - at;
  await stream.ended;
  if (stream.check.last !== 'cancelled') throw new Error(`a cancelled answer ended with ${stream.check.last}`);

  return { tag, at, replyMs };
}

async function measure(lab: Lab, server: Server, count: number, load: number, tag: string): Promise<Round> {
  const tokens = Math.ceil(((count * ONE_MS + SETTLE_MS) * LOAD.rate) / 1000);
  const others = openStreams(server, load, { tokens, rate: LOAD.rate });
  await until(() => others.every(({ firstAt }) => firstAt > 0), 30_000, 'first tokens');
  if (load > 0) await sleep(SETTLE_MS);
  const cancelled: Cancelled[] = [];
  for (let i = 0; i < count; i += 1) cancelled.push(await cancelOne(server, `${tag}x${i}`));
  await sleep(100);
  const sent = await lab.provider.sent();
  const closed = cancelled.map(({ at, tag: one }) => (sent.get(one)?.closedAt || Infinity) - at);
  const replies = cancelled.map(({ replyMs }) => replyMs);
  await allRight(server, others);

  return { close50: percentile(closed, 0.5), close99: percentile(closed, 0.99), reply50: percentile(replies, 0.5) };
}

export const cancel: Part = {
  name: 'cancel',
  async run(lab: Lab): Promise<Figure[]> {
    const count = lab.options.quick ? 30 : 100;
    const result: Figure[] = [];
    for (const load of [0, LOAD.streams]) {
      const rounds = await lab.alternate((server, round) => measure(lab, server, count, load, `c${load}r${round}`));
      const name = `cancel${load > 0 ? ` beside ${load} streams` : ''}`;
      result.push(
        figure(rounds, 'close50', { name: `${name}: until the provider's socket is closed p50`, unit: 'ms' }),
        figure(rounds, 'close99', { name: `${name}: the same p99`, unit: 'ms', budget: { of: 'conch', max: 50 } }),
        figure(rounds, 'reply50', { name: `${name}: until the reply, answer stored as cancelled, p50`, unit: 'ms' }),
      );
    }

    return result;
  },
};
