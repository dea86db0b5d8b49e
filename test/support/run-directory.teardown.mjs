import { existsSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const PATIENCE_MS = 60_000;

/**
 * After the last test file: ends the shared servers, the newest first, and removes what they kept.
 * @throws when one has ended before, or does not end in good order
 */
export default async function removeRunDirectory() {
  const path = process.env.CONCH_RUN_DIRECTORY;
  const problems = [];
  for (const shared of listed(join(path, 'processes')).reverse()) problems.push(...(await end(shared)));
  await rm(path, { recursive: true, force: true, maxRetries: 5 });
  if (problems.length > 0) throw new Error(`shared servers of the tests:\n${problems.join('\n')}`);
}

/** One line of JSON for each process that was started. */
function listed(file) {
  if (!existsSync(file)) return [];

  return readFileSync(file, 'utf8').trim().split('\n').map(parse);
}

const parse = (line) => JSON.parse(line);

async function end({ pid, log, signal }) {
  const tail = () => readFileSync(log, 'utf8').slice(-4000);
  if (!isRunning(pid)) return [`process ${pid} had ended before:\n${tail()}`];
  process.kill(pid, signal);
  for (const limit = Date.now() + PATIENCE_MS; isRunning(pid); await sleep(25)) {
    if (Date.now() < limit) continue;
    process.kill(pid, 'SIGKILL');

    return [`process ${pid} did not end:\n${tail()}`];
  }

  return [];
}

function isRunning(pid) {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }

  return !isZombie(pid);
}

/** A process whose parent is gone stays listed until it is collected, which some containers never do. */
function isZombie(pid) {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).startsWith('Z');
  } catch {
    return false;
  }
}
