/** `npm run bench`: Conch beside a bare relay, figures with budgets. README.md tells how they are taken. */
import { writeFile } from 'node:fs/promises';
import type { Figure } from './measure/figure.js';
import { Lab, type Part } from './lab.js';
import { type Options, readOptions, USAGE } from './options.js';
import { cancel } from './parts/cancel.js';
import { executors } from './parts/executors.js';
import { idle } from './parts/idle.js';
import { leak } from './parts/leak.js';
import { memory } from './parts/memory.js';
import { phases } from './parts/phases.js';
import { profile } from './parts/profile.js';
import { slow } from './parts/slow.js';
import { burst, difyStreams, streams } from './parts/streams.js';
import { ttft } from './parts/ttft.js';
import { turns } from './parts/turns.js';
import { difyUnpaced, unpaced } from './parts/unpaced.js';
import { web } from './parts/web.js';
import { report } from './measure/report.js';

const PARTS: readonly Part[] = [
  ...[idle, turns, unpaced, streams, burst, difyStreams, difyUnpaced, ttft, cancel, slow, memory, leak, executors, web],
  ...[profile, phases],
];

/** What was measured, and what ended it early. */
interface Outcome {
  figures: Figure[];
  notes: string[];
  failure: Error | null;
}

async function bench(options: Options): Promise<Outcome> {
  const parts = PARTS.filter(({ name, onlyNamed }) => options.only?.has(name) ?? !onlyNamed);
  const shared = parts.filter(({ fresh }) => !fresh);
  const figures: Figure[] = [];
  const lab = await Lab.open(options);
  try {
    if (shared.length > 0) await lab.startServers();
    await runAll(lab, shared, figures);
    await lab.stopServers();
    const fresh = parts.filter((part) => part.fresh);
    await runAll(lab, fresh, figures);

    return { figures, notes: [...lab.notes], failure: null };
  } catch (error) {
    const failure = error instanceof Error ? error : new Error(String(error));

    return { figures, notes: [...lab.notes], failure };
  } finally {
    await lab.close();
  }
}

async function runAll(lab: Lab, parts: readonly Part[], figures: Figure[]): Promise<void> {
  for (const part of parts) {
    process.stderr.write(`${part.name}\n`);
    figures.push(...(await part.run(lab)));
  }
}

async function main(): Promise<void> {
  const options = readOptions(PARTS.map(({ name }) => name));
  const { figures, notes, failure } = await bench(options);
  if (options.json !== undefined) await writeFile(options.json, JSON.stringify(figures, null, 2));
  const command = ['npm run bench --', ...process.argv.slice(2)].join(' ');
  process.stdout.write(`\n${report(figures, { command, peers: options.peers, notes })}`);
  if (failure) throw failure;
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n\n${USAGE}\n`);
  process.exit(1);
}
