/** Whether thousands of answers leave something behind. Fresh processes. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Figure } from '../measure/figure.js';
import type { Lab, Part } from '../lab.js';
import { allRight, openStreams } from '../load.js';
import type { MemoryAnswer } from '../probe.js';
import type { Server } from '../server.js';

const AT_ONCE = 100;
/** Caches and the database's buffers have their size after these. */
const WARM_UP = 1000;
const SETTLE_MS = 7_000;

async function answers(server: Server, count: number): Promise<void> {
  for (let i = 0; i < count; i += AT_ONCE)
    await allRight(server, openStreams(server, AT_ONCE, { tokens: 50, rate: 0 }));
  await sleep(SETTLE_MS);
}

async function measure(server: Server, count: number): Promise<{ before: MemoryAnswer; after: MemoryAnswer }> {
  await answers(server, WARM_UP);
  const before = await server.memory();
  await answers(server, count);

  return { before, after: await server.memory() };
}

export const leak: Part = {
  name: 'leak',
  fresh: true,
  async run(lab: Lab): Promise<Figure[]> {
    const count = lab.options.quick ? 1000 : 5000;
    const held = await lab.fresh('leak', (server) => measure(server, count), { rounds: 1 });
    const [[relay], [conch]] = [held.relay, held.conch];
    if (!relay || !conch) throw new Error('nothing was measured');
    const one = (key: keyof MemoryAnswer, name: string, max?: number): Figure => ({
      name: `${name} after ${count} more answers, against before`,
      unit: 'MiB',
      relay: (relay.after[key] - relay.before[key]) / 1024,
      conch: (conch.after[key] - conch.before[key]) / 1024,
      ...(max !== undefined && { budget: { of: 'conch', max } }),
    });

    return [one('usedKiB', 'heap and buffers', 5), one('residentKiB', 'resident memory')];
  },
};
