/** Answers at the pace of a model: what a token costs with the requests, how late tokens are, and what opening costs. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Budget, type Figure, figure, type Round, type Rounds } from '../measure/figure.js';
import type { Lab, Part } from '../lab.js';
import { allAdmittedRight, countTokens, type LoadStream, openEvenly } from '../load.js';
import type { Sent } from '../provider.js';
import type { Server } from '../server.js';
import { percentile } from '../measure/stats.js';
import { nameOf, type Variant } from '../variant.js';
import { admitted, StreamMemory, Watch } from '../measure/watch.js';

/** Milliseconds for what a server does after the last byte: writing the end of the runs is part of the cost. */
const SETTLE_MS = 1_000;

/** So many streams of so many tokens, opened one after the other. */
interface Load {
  count: number;
  withinMs: number;
  tokens: number;
  rate: number;
}

const STREAMS: Load = { count: 200, withinMs: 1_000, tokens: 400, rate: 50 };
/** They last long enough for all of them to be open at once. */
const BURST: Load = { count: 1000, withinMs: 4_000, tokens: 25, rate: 4 };
const QUICK: Partial<Load> = { count: 100 };

interface Limits {
  cpu: number;
  first50: number;
  first99?: number;
}

/** Milliseconds that a server adds to what the provider takes for its first token. */
function added(streams: readonly LoadStream[], sent: ReadonlyMap<string, Sent>, tag: string): number[] {
  return streams.flatMap(({ firstAt, openedAt, refused }, index) => {
    const of = sent.get(`${tag}x${index}`);
    const first = of?.times[0];

    return refused || !of || first === undefined ? [] : [firstAt - openedAt - (first - of.askedAt)];
  });
}

/** From the provider's write of each token until the client has parsed it. */
function delays(streams: readonly LoadStream[], sent: ReadonlyMap<string, Sent>, tag: string): number[] {
  return streams.flatMap(({ times }, index) => {
    const left = sent.get(`${tag}x${index}`)?.times ?? [];

    return times.flatMap((time, token) => (left[token] === undefined ? [] : [time - left[token]]));
  });
}

async function measure(lab: Lab, server: Server, load: Load, { via, size }: Variant, tag: string): Promise<Round> {
  const { count, withinMs, tokens, rate } = load;
  const watch = await Watch.start(lab, server);
  const streams: LoadStream[] = [];
  const memory = new StreamMemory(server, () => streams.filter(({ isOpen }) => isOpen).length);
  const script = { tokens, rate, via, size };
  await openEvenly(server, count, withinMs, script, { tag: (index) => `${tag}x${index}`, into: streams });
  await allAdmittedRight(server, streams);
  const perStream = memory.stop();
  watch.loadEnded();
  await sleep(SETTLE_MS);
  const { cpuMs, loopMax } = await watch.stop();
  const sent = await lab.provider.sent();
  const firsts = added(streams, sent, tag);
  const late = delays(streams, sent, tag);

  return {
    cpu: (cpuMs * 1000) / countTokens(streams),
    ...{ first50: percentile(firsts, 0.5), first99: percentile(firsts, 0.99) },
    ...{ delay50: percentile(late, 0.5), delay99: percentile(late, 0.99) },
    ...{ loopMax, perStream, ...admitted(streams) },
  };
}

function figures(rounds: Rounds, name: string, limits: Limits | null): Figure[] {
  const one = (key: string, what: string, unit: string, by?: 'ratio' | 'plus', budget?: Budget) =>
    figure(rounds, key, { name: `${name}: ${what}`, unit, ...(by && { by }), ...(limits && budget && { budget }) });
  const atMost = (of: Budget['of'], max: number | undefined): Budget | undefined =>
    max === undefined ? undefined : { of, max };

  return [
    one('cpu', 'CPU per token, all included', 'µs', 'ratio', atMost('compared', limits?.cpu)),
    one('first50', 'added time to first token p50', 'ms', 'plus', atMost('conch', limits?.first50)),
    one('first99', 'added time to first token p99', 'ms', 'plus', atMost('conch', limits?.first99)),
    one('delay50', 'delay of a token p50', 'ms', 'plus'),
    one('delay99', 'delay of a token p99', 'ms', 'plus', atMost('compared', 20)),
    one('loopMax', 'event loop held, longest', 'ms', 'plus', atMost('conch', 50)),
    one('perStream', 'memory per open stream', 'KiB', 'ratio', atMost('compared', 1.6)),
    one('refused', 'answers refused', ''),
    one('queued', 'answers that had to wait in the queue', ''),
  ];
}

/** The load with each of some variants. */
export async function runLoad(
  lab: Lab,
  load: Load,
  limits: Limits | null,
  variants: readonly Variant[],
): Promise<Figure[]> {
  const result: Figure[] = [];
  const { count, tokens, rate, withinMs } = { ...load, ...(lab.options.quick && QUICK) };
  const what = `${count} x ${tokens} tokens at ${rate}/s, opened within ${withinMs / 1000} s`;
  for (const variant of variants) {
    const name = `${nameOf(variant)}: ${what}`;
    const tag = (round: number) => `${variant.via}${variant.size}s${count}r${round}`;
    const work = (server: Server, round: number) =>
      measure(lab, server, { count, tokens, rate, withinMs }, variant, tag(round));
    result.push(...figures(await lab.fresh(name, work, { variant }), name, limits));
  }

  return result;
}

export const streams: Part = {
  name: 'streams',
  fresh: true,
  run: (lab) => runLoad(lab, STREAMS, { cpu: 1.7, first50: 60 }, lab.options.variants),
};

export const burst: Part = {
  name: 'burst',
  fresh: true,
  run: (lab) => runLoad(lab, BURST, { cpu: 2, first50: 50, first99: 300 }, lab.options.variants),
};

/** The same from a chatbot of Dify. */
export const difyStreams: Part = {
  name: 'dify-streams',
  fresh: true,
  run: (lab) => runLoad(lab, STREAMS, null, [{ via: 'dify', size: 6 }]),
};
