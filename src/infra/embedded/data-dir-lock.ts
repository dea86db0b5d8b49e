import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, statSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

interface Holder {
  pid: number;
  /** Start of the process in clock ticks since boot, to detect a reused pid. Empty where /proc is missing. */
  born: string;
  host: string;
  token: string;
}

/** A holder on another host (a container that shares the volume) is dead when its heartbeat is older than this. */
const STALE_MS = 20_000;
const HEARTBEAT_MS = 5_000;

/** Thrown when another process uses the directory. */
export class DataDirInUseError extends Error {
  constructor(directory: string, holder: Holder) {
    super(
      `${directory} is in use by another Conch (process ${holder.pid} on ${holder.host}). ` +
        'Stop it first, or set DATA_DIR to another directory.',
    );
    this.name = 'DataDirInUseError';
  }
}

/**
 * Makes this process the only user of `directory` until {@link DataDirLock.release}.
 * Replaces the lock of a dead process at once.
 * @throws DataDirInUseError
 */
export async function lockDataDir(directory: string): Promise<DataDirLock> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const file = join(directory, 'conch.lock');
  const mine: Holder = { pid: process.pid, born: birthOf(process.pid), host: hostname(), token: randomUUID() };
  for (let attempt = 0; attempt < 5; attempt += 1) {
    if (await tryCreate(file, mine)) return new DataDirLock(file);
    const holder = readHolder(file);
    if (holder && isAlive(holder, file)) throw new DataDirInUseError(directory, holder);
    removeQuietly(file);
  }
  throw new Error(`could not lock ${directory}: ${file} keeps changing hands`);
}

/** Creates the lock. When two processes replace a stale lock, the one whose token remains after a moment owns it. */
async function tryCreate(file: string, mine: Holder): Promise<boolean> {
  try {
    writeFileSync(file, JSON.stringify(mine), { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
  await sleep(50);

  return readHolder(file)?.token === mine.token;
}

export class DataDirLock {
  private readonly heartbeat: NodeJS.Timeout;

  constructor(private readonly file: string) {
    this.heartbeat = setInterval(() => this.touch(), HEARTBEAT_MS).unref();
  }

  release(): void {
    clearInterval(this.heartbeat);
    removeQuietly(this.file);
  }

  private touch(): void {
    try {
      utimesSync(this.file, new Date(), new Date());
    } catch {
      // The directory was deleted: there is nothing to lock.
      clearInterval(this.heartbeat);
    }
  }
}

function isAlive(holder: Holder, file: string): boolean {
  if (holder.host !== hostname()) return Date.now() - statSync(file).mtimeMs < STALE_MS;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }

  return birthOf(holder.pid) === holder.born;
}

/** Field 22 of /proc/PID/stat (proc(5)); the command name before it may contain spaces and parentheses. */
function birthOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');

    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

function readHolder(file: string): Holder | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Holder;
  } catch {
    return null;
  }
}

function removeQuietly(file: string): void {
  try {
    unlinkSync(file);
  } catch {
    // Removed already.
  }
}
