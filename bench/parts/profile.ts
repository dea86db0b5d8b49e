/** CPU profiles of Conch under the loads of the other parts; only with `--profile`. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hotSpots, readSamples } from '../measure/hot-spots.js';
import type { Figure } from '../measure/figure.js';
import type { Lab, Part } from '../lab.js';
import { allRight, LoadStream, openStreams, type Script } from '../load.js';
import type { Server } from '../server.js';

const TOP = 40;
const RAMP_MS = 4_000;
const WINDOW_MS = 8_000;

/** Streams that run already: the window holds no requests. */
async function steady(server: Server, count: number, file: string): Promise<void> {
  const streams = openStreams(server, count, { tokens: ((RAMP_MS + WINDOW_MS) * 50) / 1000 + 50, rate: 50 });
  await sleep(RAMP_MS);
  await server.profile(() => sleep(WINDOW_MS), file);
  await allRight(server, streams);
}

async function fast(server: Server, repeats: number, via?: Script['via']): Promise<void> {
  for (let i = 0; i < repeats; i += 1) await allRight(server, openStreams(server, 50, { tokens: 2000, rate: 0, via }));
}

async function requests(server: Server, count: number, via?: Script['via']): Promise<void> {
  for (let i = 0; i < count; i += 1) {
    const stream = new LoadStream(server, { tokens: 5, rate: 0, via });
    await allRight(server, [stream]);
  }
}

export const profile: Part = {
  name: 'profile',
  async run({ conch, options }: Lab): Promise<Figure[]> {
    if (options.profile === undefined) return [];
    await mkdir(options.profile, { recursive: true });
    const directory = options.profile;
    const one = async (name: string, work: (file: string) => Promise<void>) => {
      const file = join(directory, `${name}.cpuprofile`);
      await work(file);
      process.stdout.write(`\n${name}: ${file}\n${hotSpots(await readSamples(file), TOP)}\n`);
    };
    await one('paced-200', (file) => steady(conch, 200, file));
    await one('paced-50', (file) => steady(conch, 50, file));
    await one('unpaced', (file) => conch.profile(() => fast(conch, 5), file));
    await one('requests', (file) => conch.profile(() => requests(conch, 300), file));
    await one('dify-unpaced', (file) => conch.profile(() => fast(conch, 5, 'dify'), file));
    await one('dify-requests', (file) => conch.profile(() => requests(conch, 300, 'dify'), file));
    await one('idle', (file) => conch.profile(() => sleep(WINDOW_MS), file));

    return [];
  },
};
