/** Where the cost of a short turn goes: by process, by Redis command, by phase and by room. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { clockMs } from '../measure/clock.js';
import { hotSpots, readSamples, type Sample } from '../measure/hot-spots.js';
import type { Figure } from '../measure/figure.js';
import type { Lab, Part } from '../lab.js';
import { allRight, LoadStream, openEvenly, type Script } from '../load.js';
import { cpuMs, processTree, programOf } from '../measure/proc.js';
import { callsBetween, RedisWatch, type SeenCommand, shapeOf } from '../measure/redis-watch.js';
import type { Server } from '../server.js';
import { startConch } from '../servers.js';
import { byPhase, cpuByPhase, marksOf, PHASES, phaseTable, type TurnMarks } from '../measure/turn-phases.js';

const SCRIPT: Script = { tokens: 20, rate: 0, size: 48, via: 'openai' };
const RATE = 40;
const TOP = 50;
/** Between two turns that come one after the other: what a server does when the client has gone is part of the turn. */
const AFTER_MS = 100;
const SETTLE_MS = 500;

const write = (text: string) => process.stdout.write(`${text}\n`);

async function atRate(server: Server, count: number): Promise<void> {
  await allRight(server, await openEvenly(server, count, (count * 1000) / RATE, SCRIPT));
  await sleep(SETTLE_MS);
}

/** CPU per process and commands of Redis, under the load of a fresh server. */
async function costs(server: Server, redis: RedisWatch, count: number): Promise<void> {
  const pids = processTree(server.pid);
  const before = { cpu: pids.map(cpuMs), redis: await redis.totals() };
  await atRate(server, count);
  const after = { cpu: pids.map(cpuMs), redis: await redis.totals() };
  const per = (value: number) => (value / count).toFixed(2);
  write(`\n${count} turns of ${SCRIPT.tokens} tokens, ${RATE} a second, of a fresh server; for one turn:`);
  pids.forEach((pid, index) => {
    const ms = (after.cpu[index] ?? 0) - (before.cpu[index] ?? 0);
    if (ms > 0)
      write(`${per(ms).padStart(8)} ms   CPU of ${programOf(pid)} (${pid === server.pid ? 'server' : 'child'})`);
  });
  const calls = [...callsBetween(before.redis, after.redis)].sort(([, a], [, b]) => b - a);
  const total = calls.reduce((sum, [, value]) => sum + value, 0);
  write(`${per(total).padStart(8)}      commands of Redis, those in scripts included:`);
  write(calls.map(([name, value]) => `${per(value).padStart(8)}      ${name}`).join('\n'));
  write(`${per((after.redis.bytesIn - before.redis.bytesIn) / 1024).padStart(8)} KiB  to Redis`);
  write(`${per((after.redis.bytesOut - before.redis.bytesOut) / 1024).padStart(8)} KiB  from Redis`);
}

/** Jobs that were completed, by queue. */
function jobs(commands: readonly SeenCommand[], turns: number): string {
  const done = new Map<string, number>();
  for (const { name, args } of commands) {
    const queue = name === 'XADD' && args.includes('completed') && /^\{conch\}:(.+):events$/.exec(args[0] ?? '')?.[1];
    if (queue) done.set(queue, (done.get(queue) ?? 0) + 1 / turns);
  }

  return [...done].map(([queue, count]) => `${count.toFixed(2).padStart(8)}      jobs of ${queue}`).join('\n');
}

/** One turn after the other. */
async function sequence(lab: Lab, server: Server, count: number): Promise<(commands: SeenCommand[]) => TurnMarks[]> {
  const streams: LoadStream[] = [];
  const untils: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const stream = new LoadStream(server, SCRIPT, { tag: `s${index}` });
    await allRight(server, [stream]);
    await sleep(AFTER_MS);
    streams.push(stream);
    untils.push(clockMs());
  }
  const sent = await lab.provider.sent();

  return (commands) =>
    streams.flatMap(({ openedAt, firstAt, endedAt }, index) => {
      const one = sent.get(`s${index}`);
      const until = untils[index] ?? endedAt;
      const times = one && { askedAt: one.askedAt, sentAt: one.times.at(-1) ?? one.closedAt };

      return times ? [marksOf({ openedAt, firstAt, endedAt, until, ...times }, commands)] : [];
    });
}

function showPhases(samples: readonly Sample[], commands: readonly SeenCommand[], turns: readonly TurnMarks[]): void {
  const lasted = PHASES.map((phase, index) => {
    const next = PHASES[index + 1] ?? 'until';
    const ms = turns.map((turn) => turn[next] - turn[phase]).sort((a, b) => a - b)[turns.length >> 1] ?? Number.NaN;

    return `${phase} ${ms.toFixed(2)}`;
  });
  write(`\n${turns.length} turns one after the other; ms, median: ${lasted.join(', ')}`);
  const at = ({ at: moment }: SeenCommand) => moment;
  const direct = commands.filter(({ inScript }) => !inScript);
  const one = () => 1;
  const tables = [
    phaseTable(
      'CPU of the server, µs per turn',
      cpuByPhase(samples, turns, () => 'all'),
      1,
    ),
    phaseTable(
      'the same by room (without one: by package)',
      cpuByPhase(samples, turns, ({ area }) => area),
      40,
    ),
    phaseTable(
      'the same by package, self time',
      cpuByPhase(samples, turns, (sample) => sample.package),
      20,
    ),
    phaseTable('commands of Redis per turn', byPhase(commands, turns, { at, key: () => 'all', value: one }), 1),
    phaseTable('commands sent (not those in scripts)', byPhase(direct, turns, { at, key: shapeOf, value: one }), 50),
    phaseTable('all by name', byPhase(commands, turns, { at, key: ({ name }) => name, value: one }), 30),
  ];
  write(`\n${tables.join('\n\n')}`);
  const middle = turns[turns.length >> 1];
  if (middle) write(`\nOne of these turns in Redis, ms since its request:\n${journal(commands, middle)}`);
}

/** Every command of one turn. */
function journal(commands: readonly SeenCommand[], { accept, until }: TurnMarks): string {
  return commands
    .filter(({ at }) => at >= accept && at < until)
    .map((command) => {
      const text = [command.name, ...command.args.map((arg) => (arg.length > 60 ? `${arg.slice(0, 60)}…` : arg))].join(
        ' ',
      );

      return `${(command.at - accept).toFixed(2).padStart(8)} ${command.inScript ? '    ' : ''}${text.slice(0, 240)}`;
    })
    .join('\n');
}

async function measure(lab: Lab, server: Server, directory: string): Promise<void> {
  const count = lab.options.quick ? 100 : 400;
  const redis = await RedisWatch.open(join(server.directory, 'redis', 'redis.sock'));
  await costs(server, redis, count);
  const rush = join(directory, 'rate.cpuprofile');
  const seen = await redis.monitor(() => server.profile(() => atRate(server, count), rush));
  write(`${jobs(seen, count)}\n\nCPU of the server meanwhile, by package and function, self time:`);
  write(hotSpots(await readSamples(rush), TOP));
  const file = join(directory, 'sequence.cpuprofile');
  let marks: ((commands: SeenCommand[]) => TurnMarks[]) | undefined;
  const work = async () => {
    marks = await sequence(lab, server, count / 2);
  };
  const commands = await redis.monitor(() => server.profile(work, file));
  showPhases(await readSamples(file), commands, marks?.(commands) ?? []);
  redis.close();
}

export const phases: Part = {
  name: 'phases',
  fresh: true,
  onlyNamed: true,
  async run(lab: Lab): Promise<Figure[]> {
    const server = await startConch(lab.provider, lab.options.postgres);
    const directory = lab.options.profile ?? (await mkdtemp(join(tmpdir(), 'conch-phases-')));
    try {
      await allRight(server, await openEvenly(server, 20, 500, SCRIPT));
      await measure(lab, server, directory);
    } finally {
      await server.stop();
      if (lab.options.profile === undefined) await rm(directory, { recursive: true });
    }

    return [];
  },
};
