/** `npm run bench`: Conch beside a bare relay, figures with budgets. README.md tells how they are taken. */
import { writeFile } from 'node:fs/promises';
import { type Figure, Lab, type Part } from './lab.js';
import { type Options, readOptions, USAGE } from './options.js';
import { cancel } from './parts/cancel.js';
import { leak } from './parts/leak.js';
import { many } from './parts/many.js';
import { memory } from './parts/memory.js';
import { paced } from './parts/paced.js';
import { profile } from './parts/profile.js';
import { slow } from './parts/slow.js';
import { ttft } from './parts/ttft.js';
import { unpaced } from './parts/unpaced.js';
import { report } from './report.js';

const PARTS: readonly Part[] = [paced, unpaced, ttft, cancel, many, slow, profile, memory, leak];

async function bench(options: Options): Promise<Figure[]> {
  const parts = PARTS.filter(({ name }) => options.only?.has(name) ?? true);
  const lab = await Lab.open(options);
  try {
    const shared = parts.filter(({ fresh }) => !fresh);
    if (shared.length > 0) await lab.startServers();
    const figures = await runAll(lab, shared);
    await lab.stopServers();

    return [
      ...figures,
      ...(await runAll(
        lab,
        parts.filter(({ fresh }) => fresh),
      )),
    ];
  } finally {
    await lab.close();
  }
}

async function runAll(lab: Lab, parts: readonly Part[]): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const part of parts) {
    process.stderr.write(`${part.name}\n`);
    figures.push(...(await part.run(lab)));
  }

  return figures;
}

async function main(): Promise<void> {
  const options = readOptions(PARTS.map(({ name }) => name));
  const figures = await bench(options);
  if (options.json !== undefined) await writeFile(options.json, JSON.stringify(figures, null, 2));
  process.stdout.write(`\n${report(figures, ['npm run bench --', ...process.argv.slice(2)].join(' '))}`);
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n\n${USAGE}\n`);
  process.exit(1);
}
