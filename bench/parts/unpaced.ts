/** CPU and time for answers that come as fast as they are read. */
import { setTimeout as sleep } from 'node:timers/promises';
import { clockMs } from '../clock.js';
import { type Figure, figure, type Lab, type Part, type Round } from '../lab.js';
import { allRight, openStreams, type Script } from '../load.js';
import type { Server } from '../servers.js';

const STREAMS = 50;
const TOKENS = 2000;
/** One after the other, so that the clock's resolution (10 ms) does not show. */
const REPEATS = 5;
const SETTLE_MS = 500;

async function measure(server: Server, via: Script['via']): Promise<Round> {
  await server.loop();
  const before = { cpu: server.cpuMs(), redis: server.redisCpuMs() };
  let wallMs = 0;
  for (let i = 0; i < REPEATS; i += 1) {
    const startedAt = clockMs();
    await allRight(server, openStreams(server, STREAMS, { tokens: TOKENS, rate: 0, via }));
    wallMs += clockMs() - startedAt;
  }
  await sleep(SETTLE_MS);
  const tokens = REPEATS * STREAMS * TOKENS;
  const { maxMs } = await server.loop();

  return {
    cpu: ((server.cpuMs() - before.cpu) * 1000) / tokens,
    redis: ((server.redisCpuMs() - before.redis) * 1000) / tokens,
    rate: tokens / wallMs,
    loopMax: maxMs,
  };
}

async function run(lab: Lab, via?: Script['via']): Promise<Figure[]> {
  if (via) for (const server of [lab.relay, lab.conch]) await measure(server, via);
  const rounds = await lab.alternate((server) => measure(server, via));
  const load = `${via ? 'Dify: ' : ''}${STREAMS} streams x ${TOKENS} tokens, unpaced`;
  const budget = { of: 'compared', max: 1 } as const;

  return [
    figure(rounds, 'cpu', { name: `${load}: CPU per token`, unit: 'µs', by: 'ratio', budget }),
    figure(rounds, 'redis', { name: `${load}: CPU of redis-server per token`, unit: 'µs' }),
    figure(rounds, 'rate', { name: `${load}: throughput`, unit: 'tokens/ms', by: 'ratio' }),
    figure(rounds, 'loopMax', { name: `${load}: event loop blocked, longest`, unit: 'ms', by: 'plus' }),
  ];
}

export const unpaced: Part = { name: 'unpaced', run: (lab) => run(lab) };

/** The same from a chatbot of Dify. */
export const difyUnpaced: Part = { name: 'dify-unpaced', run: (lab) => run(lab, 'dify') };
