/** A client that stops reading in the middle of a large answer: what piles up, and whether all of it arrives. */
import { type Figure, figure, type Round } from '../measure/figure.js';
import type { Lab, Part } from '../lab.js';
import { allRight, LoadStream } from '../load.js';
import { PeakMemory } from '../measure/proc.js';
import type { Server } from '../server.js';

const STALL_MS = 3_000;
/** 8 MB. */
const SCRIPT = { tokens: 4000, size: 2048, rate: 0 };

/** Highest memory above that at the start, in MiB, while one answer is read. */
async function peakOf(server: Server, stallMs: number): Promise<{ peak: number; stream: LoadStream }> {
  const { residentKiB } = await server.memory();
  const peak = new PeakMemory(server.pid);
  const stream = new LoadStream(server, SCRIPT, { stallMs });
  await allRight(server, [stream]).finally(() => peak.stop());

  return { peak: (peak.stop() - residentKiB) / 1024, stream };
}

async function measure(server: Server): Promise<Round> {
  await server.loop();
  const quick = await peakOf(server, 0);
  const slow = await peakOf(server, STALL_MS);
  const { maxMs } = await server.loop();

  return { quick: quick.peak, slow: slow.peak, resyncs: slow.stream.check.resyncs, loopMax: maxMs };
}

export const slow: Part = {
  name: 'slow',
  async run(lab: Lab): Promise<Figure[]> {
    const rounds = await lab.alternate(measure);
    const one = (key: string, name: string, unit: string): Figure =>
      figure(rounds, key, { name: `answer of 8 MB: ${name}`, unit });

    return [
      one('quick', 'peak of resident memory above the start', 'MiB'),
      one('slow', `the same when the client stalls ${STALL_MS / 1000} s (it gets every token once)`, 'MiB'),
      one('loopMax', 'event loop blocked, longest', 'ms'),
      one('resyncs', 'times that the stalled client got the text so far as a whole', ''),
    ];
  },
};
