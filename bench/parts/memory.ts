/** Memory of open streams that get a token a second, after collections, and what is left of it afterwards. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Figure, figure, type Rounds } from '../measure/figure.js';
import type { Lab, Part } from '../lab.js';
import { allRight, type LoadStream, openStreams } from '../load.js';
import type { MemoryAnswer } from '../probe.js';
import type { Server } from '../server.js';
import { until } from '../servers.js';

/** Opened a few at a time: the question is what open streams hold, not what a rush leaves behind. */
const GROUP = 50;
const SETTLE_MS = 4_000;

/** KiB per stream while they are open, and MiB above the first measurement after they have ended. */
type Held = Record<'rss' | 'used' | 'leftRss' | 'leftUsed', number>;
async function openSlowly(server: Server, count: number, tokens: number): Promise<LoadStream[]> {
  const streams: LoadStream[] = [];
  while (streams.length < count) {
    const group = openStreams(server, GROUP, { tokens, rate: 1 });
    streams.push(...group);
    await until(() => group.every(({ firstAt }) => firstAt > 0), 60_000, 'first tokens');
  }

  return streams;
}

async function hold(server: Server, base: MemoryAnswer, count: number): Promise<Held> {
  const tokens = 40 + Math.ceil((count / 1000) * 20);
  const streams = await openSlowly(server, count, tokens);
  await sleep(SETTLE_MS);
  const open = await server.memory();
  if (streams.some(({ tokens: got }) => got >= tokens)) throw new Error('streams ended before the memory was measured');
  await allRight(server, streams);
  await sleep(SETTLE_MS);
  const after = await server.memory();
  const per = (value: number) => value / count;

  return {
    rss: per(open.residentKiB - base.residentKiB),
    used: per(open.usedKiB - base.usedKiB),
    leftRss: (after.residentKiB - base.residentKiB) / 1024,
    leftUsed: (after.usedKiB - base.usedKiB) / 1024,
  };
}

/**
 * The embedded database's start leaves some hundred MiB that are given back at any time later: after collections,
 * resident memory tells something only without it.
 */
function figures(count: number, rounds: Rounds<Held>, resident: boolean): Figure[] {
  const one = (key: keyof Held, name: string, unit: string, by?: 'ratio') =>
    figure(rounds, key, { name: `${count} open streams, collected: ${name}`, unit, ...(by && { by }) });
  const used = [
    one('used', 'heap and buffers per stream', 'KiB', 'ratio'),
    one('leftUsed', 'heap and buffers above the start, after all have ended', 'MiB'),
  ];
  if (!resident) return used;

  return [
    ...used,
    one('rss', 'resident memory per stream', 'KiB', 'ratio'),
    one('leftRss', 'resident memory above the start, after all have ended', 'MiB'),
  ];
}

export const memory: Part = {
  name: 'memory',
  fresh: true,
  async run(lab: Lab): Promise<Figure[]> {
    const result: Figure[] = [];
    for (const count of lab.options.quick ? [500] : [1000]) {
      const work = async (server: Server) => hold(server, await server.memory(), count);
      const held = await lab.fresh(`${count} open streams`, work, { rounds: 1 });
      result.push(...figures(count, held, lab.options.postgres !== undefined));
    }

    return result;
  },
};
