import { chmodSync, existsSync, mkdtempSync, readFileSync, statfsSync } from 'node:fs';
import { freemem, tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file system in memory, on Linux. */
const MEMORY = '/dev/shm';
/** What the servers of the tests keep at a time is less than half of it. */
const ROOM = 4 * 1024 ** 3;

/** Before the first test file: all that tests write is in one directory, in memory where there is room for it. */
export default function makeRunDirectory() {
  const path = mkdtempSync(join(hasRoom() ? MEMORY : tmpdir(), 'conch-run-'));
  // Database servers run in it by another account.
  chmodSync(path, 0o711);
  process.env.CONCH_RUN_DIRECTORY = path;
  process.env.TMPDIR = path;
}

function hasRoom() {
  const mounts = existsSync('/proc/mounts') ? readFileSync('/proc/mounts', 'utf8').split('\n') : [];
  const options = mounts.map((line) => line.split(' ')).filter(([, path]) => path === MEMORY);
  // Stand-ins for containers run programs in it.
  if (options.length === 0 || options.some(([, , , flags]) => flags.split(',').includes('noexec'))) return false;
  const { bavail, bsize } = statfsSync(MEMORY);

  return Math.min(bavail * bsize, freemem() / 2) > ROOM;
}
