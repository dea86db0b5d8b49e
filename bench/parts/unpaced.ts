/** CPU and time for answers that come as fast as they are read, in small and in large writes. */
import { setTimeout as sleep } from 'node:timers/promises';
import { clockMs } from '../measure/clock.js';
import { type Budget, type Figure, figure, type Round } from '../measure/figure.js';
import type { Lab, Part } from '../lab.js';
import { allAdmittedRight, openStreams } from '../load.js';
import type { Server } from '../server.js';
import { nameOf, type Variant } from '../variant.js';
import { Watch } from '../measure/watch.js';

const STREAMS = 50;
const TOKENS = 2000;
const SETTLE_MS = 1_000;
const WRITES: readonly Writes[] = [
  { perWrite: 1, name: 'a chunk a write' },
  { perWrite: 64, name: '64 chunks a write' },
];

interface Writes {
  perWrite?: number;
  name: string;
}

async function measure(lab: Lab, server: Server, { via, size }: Variant, perWrite?: number): Promise<Round> {
  const watch = await Watch.start(lab, server);
  const startedAt = clockMs();
  await allAdmittedRight(server, openStreams(server, STREAMS, { tokens: TOKENS, rate: 0, via, size, perWrite }));
  const wallMs = clockMs() - startedAt;
  watch.loadEnded();
  await sleep(SETTLE_MS);
  const { cpuMs, loopMax } = await watch.stop();

  return { cpu: (cpuMs * 1000) / (STREAMS * TOKENS), rate: (STREAMS * TOKENS) / wallMs, loopMax };
}

async function run(
  lab: Lab,
  variants: readonly Variant[],
  inWrites: readonly Writes[],
  max: number | null,
): Promise<Figure[]> {
  const result: Figure[] = [];
  for (const variant of variants) {
    for (const { perWrite, name: writes } of inWrites) {
      const name = `${nameOf(variant)}: ${STREAMS} x ${TOKENS} tokens, unpaced, ${writes}`;
      const rounds = await lab.fresh(name, (server) => measure(lab, server, variant, perWrite), { variant });
      const budget: Budget | undefined = max === null ? undefined : { of: 'compared', max };
      result.push(
        figure(rounds, 'cpu', { name: `${name}: CPU per token, all included`, unit: 'µs', by: 'ratio', budget }),
        figure(rounds, 'rate', { name: `${name}: throughput`, unit: 'tokens/ms', by: 'ratio' }),
        figure(rounds, 'loopMax', { name: `${name}: event loop held, longest`, unit: 'ms', by: 'plus' }),
      );
    }
  }

  return result;
}

export const unpaced: Part = {
  name: 'unpaced',
  fresh: true,
  run: (lab) => run(lab, lab.options.variants, WRITES, 1.4),
};

/** The same from a chatbot of Dify. */
export const difyUnpaced: Part = {
  name: 'dify-unpaced',
  fresh: true,
  run: (lab) => run(lab, [{ via: 'dify', size: 6 }], [{ name: '16 KB a write' }], null),
};
