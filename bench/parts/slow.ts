/** Clients that stop reading in the middle of a large answer: what piles up, and whether all of it arrives. */
import { type Figure, figure, type Lab, type Part, type Round } from '../lab.js';
import { allRight, LoadStream } from '../load.js';
import { PeakMemory } from '../proc.js';
import type { Server } from '../servers.js';

const READERS = 5;
const STALL_MS = 3_000;
/** 8 MB. */
const SCRIPT = { tokens: 4000, size: 2048, rate: 0 };

async function measure(server: Server): Promise<Round> {
  const { rssKiB } = await server.memory();
  await server.loop();
  const peak = new PeakMemory(server.pid);
  const streams = Array.from({ length: READERS }, () => new LoadStream(server, SCRIPT, { stallMs: STALL_MS }));
  await allRight(server, streams).finally(() => peak.stop());

  return {
    peak: (peak.stop() - rssKiB) / 1024,
    resyncs: streams.reduce((sum, { check }) => sum + check.resyncs, 0),
    loopMax: (await server.loop()).maxMs,
  };
}

export const slow: Part = {
  name: 'slow',
  async run(lab: Lab): Promise<Figure[]> {
    const rounds = await lab.alternate(measure);
    const load = `${READERS} readers that stall ${STALL_MS / 1000} s in answers of 8 MB`;

    return [
      figure(rounds, 'peak', { name: `${load}: resident memory, peak above the start`, unit: 'MiB', by: 'ratio' }),
      figure(rounds, 'loopMax', { name: `${load}: event loop blocked, longest`, unit: 'ms' }),
      figure(rounds, 'resyncs', { name: `${load}: times that the text so far was sent whole`, unit: '' }),
    ];
  },
};
