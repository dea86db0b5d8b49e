/** A thousand streams at once: every token once and in order. The machine is the limit here, so delays do not count. */
import { type Figure, figure, type Lab, type Part, type Round } from '../lab.js';
import { allRight, openStreams } from '../load.js';
import type { Server } from '../servers.js';

const STREAMS = 1000;
const RATE = 10;

async function measure(server: Server): Promise<Round> {
  await server.loop();
  const before = server.cpuMs();
  const streams = openStreams(server, STREAMS, { tokens: 100, rate: RATE });
  await allRight(server, streams);
  const wait = Math.max(...streams.map(({ firstAt, openedAt }) => firstAt - openedAt));

  return {
    right: streams.length,
    cpu: (server.cpuMs() - before) / STREAMS,
    wait,
    loopMax: (await server.loop()).maxMs,
  };
}

export const many: Part = {
  name: 'many',
  async run(lab: Lab): Promise<Figure[]> {
    const rounds = await lab.alternate(measure);
    const load = `${STREAMS} streams x ${RATE} tokens/s, opened at once`;

    return [
      figure(rounds, 'right', { name: `${load}: answers with every token once and in order`, unit: '' }),
      figure(rounds, 'cpu', { name: `${load}: CPU per answer of 100 tokens`, unit: 'ms', by: 'ratio' }),
      figure(rounds, 'wait', { name: `${load}: longest wait for a first token`, unit: 'ms' }),
      figure(rounds, 'loopMax', {
        name: `${load}: event loop blocked, longest`,
        unit: 'ms',
        budget: { of: 'conch', max: 50 },
      }),
    ];
  },
};
