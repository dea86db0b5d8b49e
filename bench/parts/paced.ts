/** CPU, delay and event loop under the load of many answers that come at the pace of a model. */
import { setTimeout as sleep } from 'node:timers/promises';
import { clockMs } from '../clock.js';
import { type Figure, figure, type Lab, type Part, type Round } from '../lab.js';
import { allRight, countTokens, type LoadStream, openStreams, type Script } from '../load.js';
import type { Sent } from '../provider.js';
import { type Server, until } from '../servers.js';
import { percentile } from '../stats.js';

/** What a server does after the last byte (writing the end of the runs) is part of the cost. */
const SETTLE_MS = 500;

/** CPU clocks at one moment. */
interface Mark {
  at: number;
  cpu: number;
  redis: number;
  tokens: number;
}

/** How many streams of how many tokens a second. */
interface Load {
  count: number;
  rate: number;
  tokens: number;
  via: Script['via'];
}

/**
 * The last one puts on this class of machine, at half its speed, what the first one puts on it at its full speed, for
 * which the limit of a token's delay is meant.
 */
const LOADS = [
  { count: 200, rate: 50 },
  { count: 50, rate: 50 },
  { count: 200, rate: 20 },
];

function mark(server: Server, streams: readonly LoadStream[]): Mark {
  return { at: clockMs(), cpu: server.cpuMs(), redis: server.redisCpuMs(), tokens: countTokens(streams) };
}

/** Delays of the tokens that the provider sent between two moments. */
function delays(
  streams: readonly LoadStream[],
  sent: ReadonlyMap<string, Sent>,
  tag: string,
  from: number,
  to: number,
): number[] {
  return streams.flatMap(({ times }, index) => {
    const left = sent.get(`${tag}x${index}`)?.times ?? [];

    return left.flatMap((time, token) => (time >= from && time <= to ? [(times[token] ?? Infinity) - time] : []));
  });
}

/** NaN when the streams did not all run for half a second: the machine was too slow to start them in time. */
function windowTokens(first: Mark, last: Mark, { count, rate }: Load): number {
  const tokens = last.tokens - first.tokens;

  return tokens < (count * rate) / 2 ? Number.NaN : tokens;
}

async function measure(lab: Lab, server: Server, load: Load, tag: string): Promise<Round> {
  const { count, rate, tokens, via } = load;
  await server.loop();
  const before = mark(server, []);
  const streams = openStreams(server, count, { tokens, rate, via }, (index) => `${tag}x${index}`);
  await until(() => streams.every(({ firstAt }) => firstAt > 0), 30_000, 'first tokens');
  const startMs = clockMs() - before.at;
  await sleep(500);
  const { maxMs: startLoopMs } = await server.loop();
  const first = mark(server, streams);
  const firstEnds = Math.min(...streams.map(({ firstAt }) => firstAt)) + (tokens * 1000) / rate;
  await sleep(firstEnds - 300 - clockMs());
  const last = mark(server, streams);
  const loop = await server.loop();
  await allRight(server, streams);
  await sleep(SETTLE_MS);
  const after = mark(server, streams);
  const within = windowTokens(first, last, load);
  const steady = (last.cpu - first.cpu) / within;
  const late = delays(streams, await lab.provider.sent(), tag, first.at, last.at - 100);

  return {
    cpu: steady * 1000,
    wholeCpu: ((after.cpu - before.cpu) * 1000) / after.tokens,
    requestMs: (after.cpu - before.cpu - steady * after.tokens) / count,
    redis: ((last.redis - first.redis) * 1000) / within,
    delay50: percentile(late, 0.5),
    delay99: percentile(late, 0.99),
    loopMax: Number.isNaN(within) ? within : loop.maxMs,
    ...{ startMs, startLoopMs },
  };
}

function figures(rounds: { relay: Round[]; conch: Round[] }, load: string, count: number): Figure[] {
  const one = (key: string, name: string, unit: string, by?: 'ratio' | 'plus', budget?: Figure['budget']) =>
    figure(rounds, key, { name: `${load}: ${name}`, unit, ...(by && { by }), ...(budget && { budget }) });

  return [
    one('cpu', 'CPU per token, all streams running', 'µs', 'ratio', { of: 'compared', max: count === 200 ? 1.6 : 1.8 }),
    one('wholeCpu', 'CPU per token, requests included', 'µs', 'ratio'),
    one('requestMs', 'CPU per request besides its tokens', 'ms', 'plus'),
    one('redis', 'CPU of redis-server per token', 'µs'),
    one('delay50', 'delay of a token p50', 'ms', 'plus'),
    one('delay99', 'delay of a token p99', 'ms', 'plus', count === 200 ? { of: 'conch', max: 10 } : undefined),
    one('loopMax', 'event loop blocked, longest', 'ms', 'plus', { of: 'conch', max: 50 }),
    one('startMs', 'all opened at once: until each has its first token', 'ms', 'plus'),
    one('startLoopMs', 'all opened at once: event loop blocked, longest', 'ms', 'plus', { of: 'conch', max: 50 }),
  ];
}

async function run(lab: Lab, loads: typeof LOADS, via?: Script['via']): Promise<Figure[]> {
  const seconds = lab.options.quick ? 5 : 10;
  const result: Figure[] = [];
  if (via) for (const server of [lab.relay, lab.conch]) await warmUp(server, via);
  for (const { count, rate } of loads) {
    const name = `${via ? 'Dify: ' : ''}${count} streams x ${rate} tokens/s`;
    const load = { count, rate, tokens: seconds * rate, via };
    const rounds = await lab.alternate((server, round) => measure(lab, server, load, `p${count}x${rate}r${round}`));
    result.push(...figures(rounds, name, count));
  }

  return result;
}

async function warmUp(server: Server, via: Script['via']): Promise<void> {
  for (let i = 0; i < 3; i += 1) await allRight(server, openStreams(server, 50, { tokens: 200, rate: 0, via }));
}

export const paced: Part = { name: 'paced', run: (lab) => run(lab, LOADS) };

/** The same from a chatbot of Dify. */
export const difyPaced: Part = { name: 'dify-paced', run: (lab) => run(lab, LOADS.slice(0, 1), 'dify') };
