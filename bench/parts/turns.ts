/** Short turns, as most of a chat's are: what one costs, and what it costs besides its tokens. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Figure, figure, type Round } from '../measure/figure.js';
import type { Lab, Part } from '../lab.js';
import { allAdmittedRight, openEvenly } from '../load.js';
import type { Server } from '../server.js';
import { percentile } from '../measure/stats.js';
import { nameOf, type Variant } from '../variant.js';
import { Watch } from '../measure/watch.js';

const RATE = 40;
const SECONDS = 6;
const SETTLE_MS = 1_000;
const SHORT = 20;
/** Turns with more tokens tell what a token of a turn costs. */
const LONG = 220;

interface Cost {
  cpu: number;
  first: number;
  loopMax: number;
}

async function cost(lab: Lab, server: Server, { via, size }: Variant, tokens: number, seconds: number): Promise<Cost> {
  const watch = await Watch.start(lab, server);
  const script = { tokens, rate: 0, via, size };
  const streams = await openEvenly(server, RATE * seconds, seconds * 1000, script);
  await allAdmittedRight(server, streams);
  watch.loadEnded();
  await sleep(SETTLE_MS);
  const { cpuMs, loopMax } = await watch.stop();
  const firsts = streams.map(({ firstAt, openedAt }) => firstAt - openedAt);

  return { cpu: cpuMs / streams.length, first: percentile(firsts, 0.5), loopMax };
}

async function measure(lab: Lab, server: Server, variant: Variant): Promise<Round> {
  const seconds = lab.options.quick ? SECONDS / 2 : SECONDS;
  const short = await cost(lab, server, variant, SHORT, seconds);
  const long = await cost(lab, server, variant, LONG, seconds / 2);
  const perToken = (long.cpu - short.cpu) / (LONG - SHORT);

  return { ...short, request: short.cpu - SHORT * perToken };
}

export const turns: Part = {
  name: 'turns',
  fresh: true,
  async run(lab: Lab): Promise<Figure[]> {
    const result: Figure[] = [];
    for (const variant of lab.options.variants) {
      const name = `${nameOf(variant)}: turns of ${SHORT} tokens, ${RATE} a second`;
      const rounds = await lab.fresh(name, (server) => measure(lab, server, variant), { variant });
      result.push(
        figure(rounds, 'cpu', { name: `${name}: CPU per turn`, unit: 'ms', by: 'ratio' }),
        figure(rounds, 'request', {
          ...{ name: `${name}: CPU per turn besides its tokens`, unit: 'ms', by: 'ratio' },
          budget: { of: 'compared', max: 6 },
        }),
        figure(rounds, 'first', { name: `${name}: time to first token p50`, unit: 'ms', by: 'plus' }),
        figure(rounds, 'loopMax', { name: `${name}: event loop held, longest`, unit: 'ms', by: 'plus' }),
      );
    }

    return result;
  },
};
